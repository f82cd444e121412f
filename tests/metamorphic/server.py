"""A fork server: frameworks are imported once, and each task runs in a child of its own.

It reads tasks from standard input, one JSON object a line, and answers each with one on standard
output. No backend of JAX is started here, so that a child begins as a fresh interpreter does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

TIMEOUT = 90.0
_FRAMEWORKS = (
    "jax",
    "jax.numpy",
    "jax.experimental.shard_map",
    "flax.linen",
    "flax.nnx",
    "flax.training.train_state",
    "optax",
    "equinox",
    "haiku",
    "numpyro",
    "numpyro.infer",
    "absl.app",
    "click",
    "fire",
    "IPython.core.interactiveshell",
    "pytest",
    "rich.console",
)


def prepare_environment(cache: str) -> None:
    """One device of the CPU, quick compilation, and no threads of NumPy's that a fork would lose.

    Programs compiled once are kept in the folder `cache`: most of a run is compilation, and the
    shapes of a program compile the same things.

    A program that needs more devices asks for them by `jax_num_cpu_devices`: they cost every
    program a second to start.
    """
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    os.environ["JAX_COMPILATION_CACHE_DIR"] = cache
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # loading them takes a second for each task
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"


def import_frameworks() -> None:
    """Import what programs import. A module that is not there is left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _FRAMEWORKS:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        for name in _loaded_by_a_run():
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    import jax._src.xla_bridge as bridge

    if bridge._backends:
        raise RuntimeError("importing has started a backend of JAX; children could not use it")
    warnings.filterwarnings("ignore", message=".*fork.*", category=RuntimeWarning)
    gc.collect()
    gc.freeze()


def _loaded_by_a_run() -> list[str]:
    """Modules that an audit and a lint load on their way, found out by running both in a child.

    Loaded once here, they cost the children nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="metamorphic-"))
    child = os.fork()
    if child == 0:
        script = "import jax\n\nkey = jax.random.key(0)\nprint(jax.jit(jax.random.normal)(key))\n"
        task = {"files": {"train.py": script}, "runner": "lint", "arguments": ["train.py"]}
        _run_child(task, folder, then_audit=True)
    os.waitpid(child, 0)
    modules = folder / "modules.txt"
    names = modules.read_text().split() if modules.exists() else []
    shutil.rmtree(folder, ignore_errors=True)
    return names


def main(concurrent: int) -> None:
    """Serve with a folder for compiled programs that lives as long as the server."""
    with tempfile.TemporaryDirectory(prefix="metamorphic-compiled-") as cache:
        prepare_environment(cache)
        import_frameworks()
        serve(concurrent)


def serve(concurrent: int) -> None:
    """Run tasks until the input ends, at most `concurrent` at a time; answers come as they end."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    running: dict[int, tuple[dict, Path, float]] = {}
    for line in sys.stdin:
        while len(running) >= concurrent:
            _collect(running, answers)
        task = json.loads(line)
        folder = Path(tempfile.mkdtemp(prefix="metamorphic-"))
        child = os.fork()
        if child == 0:
            _run_child(task, folder)
        running[child] = (task, folder, time.monotonic())
        if concurrent == 1:
            _collect(running, answers)
    while running:
        _collect(running, answers)


def _collect(running: dict[int, tuple[dict, Path, float]], answers) -> None:
    """Wait until one child has ended, and answer for it."""
    while True:
        for child, (task, folder, started) in list(running.items()):
            late = time.monotonic() - started > TIMEOUT
            if late:
                os.kill(child, signal.SIGKILL)
            ended, status, used = os.wait4(child, 0 if late else os.WNOHANG)
            if not ended:
                continue
            del running[child]
            answer = _answer(folder, late, os.waitstatus_to_exitcode(status))
            answer["id"] = task["id"]
            answer["seconds"] = round(used.ru_utime + used.ru_stime, 2)
            print(json.dumps(answer), file=answers, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            return
        time.sleep(0.005)


def _run_child(task: dict, folder: Path, *, then_audit: bool = False) -> None:
    """Run a task and leave its report, text and exit code in files. Never returns."""
    code = 99
    try:
        os.setsid()
        os.chdir(folder)
        os.environ["IPYTHONDIR"] = str(folder / "ipython")
        for name, text in task["files"].items():
            Path(name).write_text(text)
        log = os.open("log.txt", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        sys.path[:] = [path for path in sys.path if path != str(Path(__file__).parent)]
        code = _command(task)
        if then_audit:
            _command({**task, "runner": "audit"})
            Path("modules.txt").write_text("\n".join(sys.modules))
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:  # a child must end here, whatever happens
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
            Path("code.txt").write_text(str(code))
        os._exit(0)


def _command(task: dict) -> int:
    arguments = list(task["arguments"])
    if task["runner"] == "pytest":
        import pytest

        sys.argv = ["pytest", *arguments]
        return int(pytest.main(["--rootdir=.", *arguments]))
    from keystream._cli import main

    command = [task["runner"], "--format", "json", "--output", "report.json", *arguments]
    sys.argv = ["keystream", *command]
    return int(main(command) or 0)


def _answer(folder: Path, late: bool, status: int) -> dict:
    log = folder / "log.txt"
    text = log.read_text(errors="replace") if log.exists() else ""
    report, code = folder / "report.json", folder / "code.txt"
    answer = {"code": int(code.read_text()) if code.exists() else None, "error": ""}
    if late:
        answer["error"] = f"took longer than {TIMEOUT:.0f} s"
    elif status != 0:
        answer["error"] = f"the process ended with {status}"
    if report.exists():
        content = json.loads(report.read_text())
        answer["summary"] = content["summary"]
        answer["findings"] = [
            {
                "code": finding["code"],
                "severity": finding["severity"],
                "message": finding["message"],
                "places": [[place["path"], place["line"]] for place in finding["locations"]],
            }
            for finding in content["findings"]
            if not finding["suppressed"]
        ]
    else:
        answer["summary"], answer["findings"] = {}, _findings_in(text)
        if answer["code"] not in (0, 1) and not answer["error"]:
            answer["error"] = "there is no report"
    if "Traceback" in text:
        answer["traceback"] = text[text.rindex("Traceback") :][-1500:]
    if answer["error"]:
        answer["log"] = text[-1500:]
    return answer


_HEAD = re.compile(r"^(?:E +)?(\S+?):(\d+):\d+: (error|warning|note) (KS\d{3}) (.*)$")
_ALSO = re.compile(r"^(?:E +)?  also:  (\S+?):(\d+)")


def _findings_in(text: str) -> list[dict]:
    """Findings of a report that was printed, as `pytest --keystream` does."""
    findings: list[dict] = []
    for line in text.splitlines():
        if head := _HEAD.match(line):
            path, number, severity, code, message = head.groups()
            findings.append(
                {
                    "code": code,
                    "severity": severity,
                    "message": message,
                    "places": [[path, int(number)]],
                }
            )
        elif (also := _ALSO.match(line)) and findings:
            findings[-1]["places"].append([also[1], int(also[2])])
    return findings


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
