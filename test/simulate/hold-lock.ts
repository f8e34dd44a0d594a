import { argv } from "node:process";
import { holdLock } from "./locks.ts";

// A host of one line, to be killed: takes the state folder that it is given.
holdLock(argv[2] ?? "");
