// Starts `python -m keystream server` and lets the editor talk to it. All that is said about Python
// code is said by the server.

import { commands, extensions, workspace } from "vscode";
import type { Event, ExtensionContext } from "vscode";
import { CloseAction, ErrorAction, LanguageClient } from "vscode-languageclient/node";

/** What is used of the Python extension: which interpreter the user has chosen. */
interface PythonExtension {
  environments: {
    getActiveEnvironmentPath(): { path: string };
    onDidChangeActiveEnvironmentPath: Event<unknown>;
  };
}

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const python = await pythonExtension();
  const restart = async () => {
    await stop();
    await start(interpreter(python));
  };
  context.subscriptions.push(
    commands.registerCommand("keystream.restart", restart),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("keystream.interpreter")) await restart();
    }),
  );
  if (python) {
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(restart));
  }
  await start(interpreter(python));
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function pythonExtension(): Promise<PythonExtension | undefined> {
  const exports = await extensions.getExtension("ms-python.python")?.activate();
  return exports?.environments ? exports : undefined;
}

function interpreter(python: PythonExtension | undefined): string {
  return (
    workspace.getConfiguration("keystream").get<string>("interpreter") ||
    python?.environments.getActiveEnvironmentPath().path ||
    (process.platform === "win32" ? "python" : "python3")
  );
}

async function start(command: string): Promise<void> {
  const help =
    `keystream: \`${command} -m keystream server\` has ended. Its Python needs keystream and pygls; ` +
    "the setting keystream.interpreter names another.";
  client = new LanguageClient(
    "keystream",
    "keystream",
    { command, args: ["-m", "keystream", "server"] },
    {
      documentSelector: [
        { language: "python", scheme: "file" },
        { language: "python", scheme: "untitled" },
        { language: "python", notebook: "jupyter-notebook" },
      ],
      initializationOptions: workspace.getConfiguration("keystream"),
      initializationFailedHandler: () => false, // that it has ended is said once, by what follows
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, message: help }),
      },
    },
  );
  await client.start().catch(() => undefined);
}

async function stop(): Promise<void> {
  const stopped = client;
  client = undefined;
  if (stopped?.isRunning()) await stopped.dispose();
}
