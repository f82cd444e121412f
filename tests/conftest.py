"""Every test sees eight CPU devices, strict promotion, and typed errors."""

import os
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
).strip()

import pytest
from hypothesis import settings

settings.register_profile("keystream", deadline=None, derandomize=True)
settings.load_profile("keystream")

# What runs on the newest JAX alone: whole programs, processes, browsers, kernels. The README's command
# and the oldest versions leave it out, so that a first run takes minutes.
_SLOW = (
    "adapters/test_linen_guard",
    "adapters/test_linen_needs",
    "audit/test_audit_command",
    "audit/test_audited_programs",
    "audit/test_diff",
    "audit/test_imports",
    "audit/test_jobs",
    "audit/test_long",
    "audit/test_record",
    "demo",
    "docs",
    "draws/test_dropout",
    "draws/test_fuse",
    "draws/test_kernels",
    "draws/test_lanes",
    "draws/test_programs",
    "exercise",
    "judge/test_two_mistakes",
    "lint/test_language_server",
    "metamorphic",
    "migrate/test_migrated_programs",
    "notebook",
    "plan/test_frameworks",
    "plan/test_random",
    "plan/test_samplers",
    "report/test_page",
    "resume",
    "rules/test_rule_pages",
    "scale",
)

# Of these tests so many cases run each time, spread over their list; the others are exhaustive, as are
# the tests of which no case is left. `.ci/run exhaustive` runs them, every week.
_SPREAD = {
    "test_a_correct_program_computes_the_same_bits_inside": 4,
    "test_a_framework_that_is_imported_before_jax_is_observed": 0,
    "test_a_kernel_has_the_bits_of_the_plain_form": 4,
    "test_a_key_closed_over_by_what_is_differentiated_is_planned": 5,
    "test_a_key_that_is_closed_over_is_planned_as_one_that_is_given": 8,
    "test_a_mistake_in_the_cell_is_named_and_drawn_as_on_the_page": 2,
    "test_a_part_is_masked_as_in_the_whole": 5,
    "test_a_pasted_fix_removes_the_finding_of_a_framework": 6,
    "test_a_picture_that_can_not_be_written_after_all_costs_no_result": 0,
    "test_a_process_that_dies_leaves_the_others_their_records": 0,
    "test_a_program_that_handles_the_signal_itself_keeps_it": 0,
    "test_a_program_that_is_stopped_leaves_its_report_and_record": 1,
    "test_a_program_that_is_stuck_outside_of_python_is_reported_all_the_same": 0,
    "test_a_shards_slice_is_its_part_of_the_global_draw": 5,
    "test_a_test_under_pytest_imports_jax_itself": 0,
    "test_a_training_killed_ten_times_ends_with_the_parameters_of_one_never_killed": 0,
    "test_a_whole_run_reads_digits_well_and_proves_that_it_can_be_repeated": 0,
    "test_an_audit_until_the_first_finding_ends_with_it": 0,
    "test_bits_stay_under_each_setting_of_jax": 3,
    "test_bits_with_64_bit_numbers_are_flaxs": 0,
    "test_choices_and_permutations_keep_their_bits": 0,
    "test_compiled_bits_are_those_of_compiled_flax_forward_and_backward": 4,
    "test_data_parallel_under_jit_needs_nothing": 1,
    "test_eager_bits_are_flaxs_for_every_rate": 3,
    "test_every_draw_keeps_its_bits": 14,
    "test_every_public_name_works_whatever_submodule_was_imported_before_it": 1,
    "test_every_shape_of_every_program_is_python_and_keeps_the_marked_lines": 6,
    "test_every_transformation_gives_what_it_gives_of_flax": 6,
    "test_initial_weights_and_dropout_of_flax_keep_their_bits": 0,
    "test_json_holds_what_the_text_shows": 0,
    "test_lint_names_mistakes_in_every_shape": 1,
    "test_lost_steps_that_are_done_again_are_a_note_where_steps_are_counted": 0,
    "test_processes_of_several_seeds_disagree_on_one_program": 0,
    "test_processes_that_give_their_rows_the_same_noise_are_named": 1,
    "test_rematerialised_programs_plan_the_same_keys_as_plain_ones": 4,
    "test_second_derivatives_and_vmap_go_through_the_kernels": 0,
    "test_the_audit_names_mistakes_in_every_shape_and_its_books_balance": 1,
    "test_the_audit_of_the_examples_says_which_one_is_broken": 0,
    "test_the_backward_kernel_has_the_bits_of_the_plain_form": 1,
    "test_the_example_shows_equal_masks_on_other_numbers_of_processes": 0,
    "test_the_exit_code_is_the_verdict_when_the_reader_of_a_pipe_has_left": 1,
    "test_the_keys_of_a_plan_are_those_that_the_program_draws_from": 5,
    "test_the_mistake_is_named": 22,
    "test_the_picture_shows_where_each_key_went": 5,
    "test_the_place_of_what_was_written_is_told": 0,
    "test_the_rewritten_program_runs_audits_clean_and_draws_from_named_streams": 4,
    "test_the_replay_of_a_sampler_is_what_it_draws_up_to_the_rounding_of_another_program": 7,
    "test_two_thousand_names_work_or_name_the_clash_with_a_remedy_that_works": 0,
    "test_under_jit_a_sharded_draw_is_the_unsharded_one_without_a_collective": 2,
    "test_what_is_set_before_jax_is_imported_holds_under_the_audit": 1,
    "test_workers_of_a_pool_are_counted": 0,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    cases: dict[tuple[Path, str], list[pytest.Item]] = {}
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if place.startswith(_SLOW):
            item.add_marker(pytest.mark.slow)
        name = item.name.partition("[")[0]
        if name in _SPREAD:
            cases.setdefault((item.path, name), []).append(item)
    for (_, name), group in cases.items():
        chosen = {number * len(group) // _SPREAD[name] for number in range(_SPREAD[name])}
        for number, item in enumerate(group):
            if number not in chosen:
                item.add_marker(pytest.mark.exhaustive)
