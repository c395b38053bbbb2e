/** Moments as people read them, in their own time zone. */

import { LOCALE } from "./texts.js";

const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

/** @param {string | number} moment  ISO 8601, or milliseconds */
export const momentText = (moment) => MOMENT.format(new Date(moment));
