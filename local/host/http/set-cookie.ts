interface Nullable<T> {
  value?: T;
}

/** A cookie as `@azure/functions` hands it over. `none` of `sameSite` means "leave the attribute out", `explicitNone` means None. */
export interface RpcCookie {
  name?: string;
  value?: string;
  domain?: Nullable<string> | undefined;
  path?: Nullable<string> | undefined;
  expires?: Nullable<{ seconds?: number }> | undefined;
  secure?: Nullable<boolean> | undefined;
  httpOnly?: Nullable<boolean> | undefined;
  sameSite?: "none" | "lax" | "strict" | "explicitNone";
  maxAge?: Nullable<number> | undefined;
}

const SAME_SITE = { lax: "lax", strict: "strict", explicitNone: "none" } as const;

/** The value of a `Set-Cookie` header, attributes in lower case as the real host writes them. */
export function setCookie(cookie: RpcCookie): string {
  const expires = cookie.expires?.value?.seconds;
  const attributes = [
    `${encodeURIComponent(cookie.name ?? "")}=${encodeURIComponent(cookie.value ?? "")}`,
    expires === undefined ? "" : `expires=${new Date(expires * 1000).toUTCString()}`,
    cookie.maxAge?.value === undefined ? "" : `max-age=${Math.trunc(cookie.maxAge.value)}`,
    attribute("domain", cookie.domain?.value),
    `path=${safe(cookie.path?.value ?? "/")}`,
    cookie.secure?.value ? "secure" : "",
    cookie.sameSite === undefined || cookie.sameSite === "none" ? "" : `samesite=${SAME_SITE[cookie.sameSite]}`,
    cookie.httpOnly?.value ? "httponly" : "",
  ];
  return attributes.filter(Boolean).join("; ");
}

const attribute = (name: string, value: string | undefined): string => (value === undefined ? "" : `${name}=${safe(value)}`);

/** Nothing may end the attribute or the header. */
const safe = (value: string): string => value.replace(/[;\r\n\0]/g, "");
