/** Raised with every change of the tables that an older program could not work with. */
export const SCHEMA_VERSION = 1;

export const STATUSES = ["Pending", "Running", "Suspended", "Completed", "Failed", "Terminated", "Canceled"] as const;

/** Keys grow for ever (AUTOINCREMENT), so that a late message cannot meet a newer instance under the number of a deleted one. */
export const SCHEMA = `
CREATE TABLE instances (
  key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, execution TEXT NOT NULL, name TEXT NOT NULL, status INTEGER NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, input TEXT, output TEXT, customStatus TEXT, parent TEXT
) STRICT;
CREATE TABLE history (instance INTEGER NOT NULL, seq INTEGER NOT NULL, text TEXT NOT NULL, digest TEXT, PRIMARY KEY (instance, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE messages (id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, execution TEXT, text TEXT NOT NULL) STRICT;
CREATE TABLE timers (id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, execution TEXT NOT NULL, due INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX timersByDue ON timers (due);
CREATE INDEX timersByInstance ON timers (instance);
CREATE TABLE work (id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, execution TEXT NOT NULL, taskId INTEGER NOT NULL, name TEXT NOT NULL, input TEXT) STRICT;
CREATE TABLE syncs (n INTEGER NOT NULL) STRICT;
INSERT INTO syncs VALUES (0);
`;
