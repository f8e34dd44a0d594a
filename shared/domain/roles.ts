/** App roles of the API in rising order; each includes those before it. */
export const ROLES = ["Reader", "Submitter", "Author", "Admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether someone with these roles may do what needs `role`. */
export function includesRole(roles: readonly Role[], role: Role): boolean {
  return roles.some((own) => ROLES.indexOf(own) >= ROLES.indexOf(role));
}
