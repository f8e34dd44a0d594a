/** Another program listens on the wanted port. */
export class PortInUseError extends Error {
  override name = "PortInUseError";
  readonly port: number;

  constructor(port: number, options?: ErrorOptions) {
    super(`Port ${port} of 127.0.0.1 is in use by another program; choose another port, or 0 for any free one.`, options);
    this.port = port;
  }
}
