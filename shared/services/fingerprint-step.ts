import { createHash } from "node:crypto";
import type { Fingerprint } from "../domain/fingerprint.ts";
import { fingerprintOf } from "../domain/fingerprint.ts";
import type { InputSource, Step } from "../domain/pipeline-graph.ts";
import type { ParameterValue } from "../domain/pipeline-parameter.ts";
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

type Identity = { identity: string } | { unknown: string };

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
      if (!found) continue;
      if ("unknown" in found) return { input: name, cause: found.unknown };
      inputs[name] = found.identity;
    }
    const parameters = await this.#valuesOf(step);
    if ("cause" in parameters) return parameters;
    return fingerprintOf(step, {
      inputs,
      parameters: parameters.values,
      environment: await this.#environmentOf(step),
      digest: (text) => createHash("sha256").update(text).digest("hex"),
    });
  }

  /** Undefined: the input comes from an optional parameter without a value. */
  async #identify(source: InputSource, producerOf: ProducerOf): Promise<Identity | undefined> {
    if ("step" in source) {
      const stepRunId = producerOf(source.step);
      if (stepRunId === undefined) return { unknown: `step ${JSON.stringify(source.step)} has not run` };
      return { identity: `output ${source.output} of step run ${stepRunId}` };
    }
    if (!("parameter" in source)) return await this.#identifyPlace(source);
    const value = this.#valueOf(source.parameter);
    return typeof value === "object" ? await this.#identifyPlace(value) : undefined;
  }

  async #identifyPlace(place: { datastore: string; path: string }): Promise<Identity> {
    const key = JSON.stringify([place.datastore, place.path]);
    const found = this.#data.get(key) ?? this.#look(place);
    this.#data.set(key, found);
    const data = await found;
    return "unknown" in data ? data : { identity: `${place.datastore}/${place.path}: ${data.identity}` };
  }

  async #look({ datastore, path }: { datastore: string; path: string }): ReturnType<typeof dataIdentity> {
    try {
      return await dataIdentity(this.#deps.blobs, { datastore: await this.#deps.containerOf(datastore), path });
    } catch (error) {
      if (error instanceof ProblemError) return { unknown: error.message };
      throw error;
    }
  }

  /** A place counts with what lies there: a script that is given its path may read it. */
  async #valuesOf(step: Step): Promise<{ values: Record<string, ParameterValue> } | Unidentified> {
    const values: Record<string, ParameterValue> = {};
    for (const [name, given] of Object.entries(step.parameters)) {
      const value = typeof given === "object" ? this.#valueOf(given.source) : given;
      const found = typeof value === "object" ? await this.#identifyPlace(value) : undefined;
      if (found && "unknown" in found) return { input: name, cause: found.unknown };
      if (value !== undefined) values[name] = typeof value === "object" ? (found?.identity ?? "") : value;
    }
    return { values };
  }

  #valueOf(parameter: string): RunHead["parameters"][string]["value"] | undefined {
    return Object.hasOwn(this.#parameters, parameter) ? this.#parameters[parameter]?.value : undefined;
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
