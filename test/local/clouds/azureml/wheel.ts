import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

const WRITE = `
import io, json, os, sys, tarfile, zipfile
folder, name, version, source, setup = json.loads(sys.argv[1])
if setup is None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(os.path.join(folder, f"{name}-{version}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{name}.py", source)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
else:
    project = '[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n'
    with tarfile.open(os.path.join(folder, f"{name}-{version}.tar.gz"), "w:gz") as archive:
        for path, text in {"pyproject.toml": project, "backend.py": setup, "PKG-INFO": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
`;

/**
 * Writes a package of one module into a folder that pip can be pointed at: a wheel or, with `setup`, a source archive
 * whose build runs that code.
 */
export function writeWheel(folder: string, name: string, version: string, source: string, { setup }: { setup?: string } = {}): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("python3", ["-c", WRITE, JSON.stringify([folder, name, version, source, setup ?? null])]);
}
