import { createHash } from "node:crypto";
import type { Fingerprint } from "../domain/fingerprint.ts";
import { fingerprintOf } from "../domain/fingerprint.ts";
import type { InputSource, ParameterValue, Step } from "../domain/pipeline-graph.ts";
import { ProblemError } from "../domain/problems.ts";
import type { RunHead } from "../domain/run-documents.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Catalog } from "./catalog.ts";
import { dataIdentity } from "./data-identity.ts";

export interface FingerprintDeps {
  catalog: Catalog;
  blobs: BlobStore;
  containerOf(datastore: string): Promise<string>;
  settings: { defaultImage: string };
}

/** Why a step has no fingerprint: what an input names cannot be told from other data. */
export interface Unidentified {
  readonly input: string;
  readonly cause: string;
}

/** Which step run stands behind a step of the run: its own, or the one whose results it takes. Undefined: that is not known yet. */
export type ProducerOf = (stepKey: string) => string | undefined;

/** Makes fingerprints for the steps of one look. What many steps name (the default environment, a folder of data) is looked up once. */
export class StepFingerprints {
  readonly #deps: FingerprintDeps;
  readonly #parameters: RunHead["parameters"];
  readonly #data = new Map<string, ReturnType<typeof dataIdentity>>();
  #environment: Promise<{ image: string; condaFile?: string | undefined; variables: Readonly<Record<string, string>> }> | undefined;

  constructor(deps: FingerprintDeps, parameters: RunHead["parameters"]) {
    this.#deps = deps;
    this.#parameters = parameters;
  }

  async of(step: Step, producerOf: ProducerOf): Promise<Fingerprint | Unidentified> {
    const inputs: Record<string, string> = {};
    for (const [name, { source }] of Object.entries(step.inputs)) {
      const found = await this.#identify(source, producerOf);
      if ("unknown" in found) return { input: name, cause: found.unknown };
      inputs[name] = found.identity;
    }
    return fingerprintOf(step, {
      inputs,
      parameters: this.#valuesOf(step),
      environment: await this.#environmentOf(step),
      digest: (text) => createHash("sha256").update(text).digest("hex"),
    });
  }

  async #identify(source: InputSource, producerOf: ProducerOf): Promise<{ identity: string } | { unknown: string }> {
    if ("step" in source) {
      const stepRunId = producerOf(source.step);
      if (stepRunId === undefined) return { unknown: `step ${JSON.stringify(source.step)} has not run` };
      return { identity: `output ${source.output} of step run ${stepRunId}` };
    }
    const key = JSON.stringify([source.datastore, source.path]);
    const found = this.#data.get(key) ?? this.#look(source);
    this.#data.set(key, found);
    const data = await found;
    return "unknown" in data ? data : { identity: `${source.datastore}/${source.path}: ${data.identity}` };
  }

  async #look({ datastore, path }: { datastore: string; path: string }): ReturnType<typeof dataIdentity> {
    try {
      return await dataIdentity(this.#deps.blobs, { datastore: await this.#deps.containerOf(datastore), path });
    } catch (error) {
      if (error instanceof ProblemError) return { unknown: error.message };
      throw error;
    }
  }

  #valuesOf(step: Step): Record<string, ParameterValue> {
    const values: Record<string, ParameterValue> = {};
    for (const [name, given] of Object.entries(step.parameters)) {
      const value = typeof given === "object" ? this.#parameters[given.source]?.value : given;
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  #environmentOf(step: Step) {
    if (step.environment) return Promise.resolve(this.#withImage(step.environment));
    this.#environment ??= this.#deps.catalog.find("environments", "default").then((entry) => this.#withImage(entry?.spec));
    return this.#environment;
  }

  #withImage(
    spec: { image?: string | undefined; condaFile?: string | undefined; variables: Readonly<Record<string, string>> } | undefined,
  ) {
    return { image: spec?.image ?? this.#deps.settings.defaultImage, condaFile: spec?.condaFile, variables: spec?.variables ?? {} };
  }
}
