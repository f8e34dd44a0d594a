import { Command, InvalidArgumentError, Option } from "commander";
import type { CommandContext, GlobalOptions, Io } from "./command-context.ts";
import { commandContext } from "./command-context.ts";
import type { ExitCode } from "./exit-codes.ts";
import { readVersion } from "./version.ts";

type Run<A extends unknown[]> = (context: CommandContext, ...args: A) => Promise<ExitCode>;

/** The `penstock` command. A command's code is loaded when it is called, and tells its exit code to `ended`. */
export function buildProgram(io: Io, ended: (code: ExitCode) => void): Command {
  const program = new Command("penstock")
    .description("Run Azure Machine Learning v1 pipelines on your own workspace")
    .version(readVersion())
    .addOption(new Option("--state <dir>", "state folder of the workspace to call").conflicts("url"))
    .option("--url <url>", "address of the workspace to call; its token is taken from PENSTOCK_TOKEN")
    .addOption(new Option("-o, --output <format>", "how data is printed").choices(["json", "table"]).default("table"))
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: (text) => void io.stderr.write(text) });
  /** Binds a command to its code: `load` gives the function, the parsed arguments and flags go to it. */
  const bind =
    <A extends unknown[]>(load: () => Promise<Run<A>>) =>
    async (...args: unknown[]): Promise<void> => {
      const run = await load();
      // commander hands over the arguments, then the flags, then the command itself.
      ended(await run(commandContext(program.opts<GlobalOptions>(), io), ...(args.slice(0, -1) as A)));
    };
  addRunCommands(program.command("run").description("submit pipeline runs and look at them"), bind);
  program
    .command("status")
    .description("show the workspace that is found")
    .action(bind(async () => (await import("./commands/status.ts")).status));
  program
    .command("backup")
    .description("copy a workspace, which may run meanwhile, to a folder")
    .argument("<folder>", "where to; not there yet, or empty")
    .action(bind(async () => (await import("./commands/backup.ts")).backup));
  program
    .command("restore")
    .description("make a workspace of a backup, in the folder that --state names (.penstock unless told)")
    .argument("<folder>", "the backup")
    .action(bind(async () => (await import("./commands/restore.ts")).restore));
  return program;
}

type Bind = <A extends unknown[]>(load: () => Promise<Run<A>>) => (...args: unknown[]) => Promise<void>;

const RUN = "id of a run, the beginning of one, its name, @latest or @failed";

function addRunCommands(run: Command, bind: Bind): void {
  run
    .command("submit")
    .description("submit a pipeline of a v1 YAML file; prints the id of the run")
    .argument("<file>", "the pipeline YAML")
    .option("-w, --watch", "show the run until it ends; exit code 0 only when it completed")
    .option("--set <name=value>", "set a pipeline parameter; may be given more than once", collect, [])
    .option("--experiment <name>", "experiment to submit to; the pipeline's name unless told")
    .option("--display-name <name>", "name of the run")
    .option("--tag <name=value>", "tag the run; may be given more than once", collect, [])
    .option("--continue-on-step-failure", "go on with what does not depend on a failed step")
    .option("--regenerate-outputs", "run every step anew, whatever ran before")
    .option("--dry-run", "say which steps would run, and why, and which would be reused; upload and start nothing")
    .action(bind(async () => (await import("./commands/submit.ts")).submit));
  run
    .command("resubmit")
    .description("run a run again from where it failed, as a new one that keeps what has completed; prints its id")
    .argument("<run>", RUN)
    .option("-w, --watch", "show the run until it ends; exit code 0 only when it completed")
    .option("--step <key>", "run this step anew too, and what comes behind it; may be given more than once", collect, [])
    .option("--set <name=value>", "set a pipeline parameter; may be given more than once", collect, [])
    .option("--display-name <name>", "name of the run")
    .option("--tag <name=value>", "tag the run; may be given more than once", collect, [])
    .action(bind(async () => (await import("./commands/resubmit.ts")).resubmit));
  run
    .command("list")
    .description("list pipeline runs, newest first")
    .option("--limit <number>", "runs at the most", positive, 20)
    .option("--experiment <name>", "only runs of this experiment")
    .option("--status <status>", "only runs with this status, e.g. Failed")
    .action(bind(async () => (await import("./commands/list.ts")).list));
  run
    .command("show")
    .description("show a run, its steps, and why it failed")
    .argument("<run>", RUN)
    .action(bind(async () => (await import("./commands/show.ts")).show));
  run
    .command("logs")
    .description("print what the steps of a run printed")
    .argument("<run>", RUN)
    .argument("[step]", "key of a step; all steps unless told")
    .option("-f, --follow", "go on until the run ends")
    .option("--attempt <number>", "of which try of the step; the last unless told", positive)
    .action(bind(async () => (await import("./commands/logs.ts")).logs));
  run
    .command("outputs")
    .description("list the outputs of a run")
    .argument("<run>", RUN)
    .argument("[step]", "key of a step; all steps unless told")
    .option("-d, --download <dir>", "copy them to DIR/<step>/<output>/")
    .action(bind(async () => (await import("./commands/outputs.ts")).outputs));
  run
    .command("metrics")
    .description("show the metrics of a run and its steps")
    .argument("<run>", RUN)
    .argument("[step]", "key of a step; the run and all its steps unless told")
    .action(bind(async () => (await import("./commands/metrics.ts")).metrics));
  run
    .command("cancel")
    .description("ask a pipeline run to stop")
    .argument("<run>", RUN)
    .action(bind(async () => (await import("./commands/cancel.ts")).cancel));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function positive(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 100_000) return number;
  throw new InvalidArgumentError("It must be a whole number from 1 to 100000.");
}
