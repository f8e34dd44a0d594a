/** Addresses below one Azure ML workspace, and the ARM ids of what lies in it. */
export class WorkspaceUrls {
  /** ARM id of the workspace, which is its path too. */
  readonly id: string;
  private readonly baseUrl: URL;
  private readonly apiVersion: string;

  constructor(options: { baseUrl: string; subscriptionId: string; resourceGroup: string; workspaceName: string; apiVersion: string }) {
    this.baseUrl = new URL(options.baseUrl);
    this.apiVersion = options.apiVersion;
    const names = ["subscriptions", options.subscriptionId, "resourceGroups", options.resourceGroup, "providers"];
    const own = ["Microsoft.MachineLearningServices", "workspaces", options.workspaceName];
    this.id = [...names, ...own].map((name) => `/${encodeURIComponent(name)}`).join("");
  }

  get origin(): URL {
    return this.baseUrl;
  }

  /** ARM id of a thing of the workspace, e.g. `idOf("jobs", name)`. */
  idOf(...path: readonly string[]): string {
    return this.id + path.map((part) => `/${encodeURIComponent(part)}`).join("");
  }

  arm(...path: readonly string[]): URL {
    const url = new URL(this.baseUrl.href.replace(/\/+$/, "") + this.idOf(...path));
    url.searchParams.set("api-version", this.apiVersion);
    return url;
  }

  /** Details of a run in run history, which is a service of its own at the workspace's regional address. */
  runDetails(regional: URL, run: string): URL {
    return new URL(`${regional.href.replace(/\/+$/, "")}/history/v1.0${this.id}/runs/${encodeURIComponent(run)}/details`);
  }
}
