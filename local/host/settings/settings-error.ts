/** A settings file that the host cannot use; the text names the file, the key and what it should be. */
export class SettingsError extends Error {
  override name = "SettingsError";
}
