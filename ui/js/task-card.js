/** One thing to do: a gap to fill or an alert to see to, with its picture and the three answers to it. */

import { showPicture } from "./api.js";
import { icon, make } from "./dom.js";
import { agoText, momentText, percent, whole } from "./format.js";
import { preference } from "./preferences.js";
import { link } from "./router.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Task} Task */
/** @typedef {import("./verdicts.js").Verdict} Verdict */

/** In the order of their keys: 1, 2, 3. @type {{verdict: Verdict, label: string, said: string, icon: string}[]} */
export const ANSWERS = [
  { verdict: "done", label: texts.taskDone, said: texts.taskDoneSaid, icon: "check" },
  { verdict: "false_alarm", label: texts.taskFalse, said: texts.taskFalseSaid, icon: "close" },
  { verdict: "not_workable", label: texts.taskNotNow, said: texts.taskNotNowSaid, icon: "later" },
];

/** How near to being seen a picture is fetched. */
const NEAR = "400px";

/** What it is, in a few words. @param {Task} task */
export function taskTitle({ kind, severity, width_facings: width, alert }) {
  if (kind === "gap" || !alert) return width === null ? phrases.gap(severity) : phrases.taskGap(phrases.gap(severity), width);
  const text = alert.kind === "fill_rate" ? percent : whole;
  return phrases.taskAlert(alert.kind, text(alert.value), text(alert.threshold));
}

/** @param {Task} task */
const urgent = ({ kind, severity }) => kind === "alert" || severity === "major" || severity === "critical";

/**
 * @param {Task} task
 * @param {(verdict: Verdict) => void} answer
 * @param {AbortSignal} signal  ends with the page or with the card
 */
export function taskCard(task, answer, signal) {
  const { id, kind, store, bay, row, since, audit_id: audit, severity, alert } = task;
  const name = `task-${id}`;
  const image = make("img", { class: "task__image", alt: phrases.taskPicture(bay), width: 176, height: 132, decoding: "async" });
  // An alert outlives the photos of its bay; then there is nothing to show or to go to.
  const href = audit === null ? null : link("audits", audit);
  const picture = make("a", { class: "task__picture", href, tabindex: -1, "aria-hidden": true }, image);
  image.addEventListener("error", () => picture.classList.add("task__picture--missing"));
  image.addEventListener("load", () => picture.classList.add("task__picture--shown"));
  const { image_url: url } = task;
  if (url !== null) whenNear(picture, signal, () => void showPicture(image, url, signal));
  const [first, second] = preference("when") === "relative" ? [agoText(since), momentText(since)] : [momentText(since), agoText(since)];
  const status = alert?.status === "acknowledged" && make("span", { class: "badge" }, texts.taskAcknowledged);
  return make(
    "li",
    { class: "task card", "data-task": id, "data-kind": kind, tabindex: 0, "aria-labelledby": `${name}-title ${name}-place` },
    picture,
    make(
      "div",
      { class: "task__text" },
      make(
        "p",
        { class: "task__badges" },
        make(
          "span",
          { class: "badge", "data-tone": urgent(task) ? "bad" : "neutral", "data-severity": severity },
          kind === "gap" ? texts.taskKindGap : texts.taskKindAlert,
        ),
        status,
      ),
      make("h2", { class: "task__title", id: `${name}-title` }, taskTitle(task)),
      make(
        "p",
        { class: "task__place", id: `${name}-place` },
        make("a", { href: link("stores", store) }, make("bdi", {}, store)),
        make("span", { "aria-hidden": true }, " › "),
        make("a", { href: link("stores", store, bay) }, make("bdi", {}, bay)),
        row === null ? "" : ` · ${phrases.row(whole(row + 1))}`,
      ),
      make(
        "p",
        { class: "task__since" },
        make("time", { datetime: since }, phrases.taskSince(first, second)),
        href && " · ",
        href && make("a", { href }, texts.taskAudit),
      ),
    ),
    make(
      "div",
      { class: "task__answers", role: "group", "aria-label": texts.taskAnswers },
      ...ANSWERS.map(({ verdict, label, icon: shape }, index) =>
        make(
          "button",
          { type: "button", class: "button task__answer", "data-verdict": verdict, onclick: () => answer(verdict) },
          icon(shape),
          make("span", {}, label),
          make("kbd", { class: "key", "aria-hidden": true }, String(index + 1)),
        ),
      ),
    ),
  );
}

/** @param {Element} element @param {AbortSignal} signal @param {() => void} run  once */
function whenNear(element, signal, run) {
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      run();
    },
    { rootMargin: NEAR },
  );
  watch.observe(element);
  signal.addEventListener("abort", () => watch.disconnect(), { once: true });
}
