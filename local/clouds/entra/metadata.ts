import type { TokenIssuer } from "./token-issuer.ts";

/** OpenID configuration of the tenant for one token version, as far as a resource or a client needs it. */
export function openIdConfiguration(version: "1.0" | "2.0", tenantUrl: string, issuer: TokenIssuer): unknown {
  const v2 = version === "2.0";
  return {
    issuer: issuer.issuerOf(version),
    token_endpoint: `${tenantUrl}/oauth2/v2.0/token`,
    jwks_uri: `${tenantUrl}/discovery/${v2 ? "v2.0/" : ""}keys`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    grant_types_supported: ["client_credentials"],
    response_types_supported: [],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    claims_supported: ["sub", "iss", "aud", "exp", "iat", "nbf", "oid", "tid", "ver", "roles", "idtyp"],
  };
}
