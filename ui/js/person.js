/** Who works at this device: their name goes with corrections and verdicts. */

import { keep, kept } from "./kept.js";

/** The longest name the service takes. */
export const LONGEST_NAME = 200;

/** @returns {string}  empty while nobody has said */
export const person = () => kept("who");

/** @param {string} name */
export const setPerson = (name) => keep("who", name.trim().slice(0, LONGEST_NAME));
