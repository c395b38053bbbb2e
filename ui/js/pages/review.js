/** Review: the model's answer for one audit, put right by hand. */

import { getJson } from "../api.js";
import { loadPhoto } from "../audit-photo.js";
import { ask } from "../dialog.js";
import { icon, make } from "../dom.js";
import { readDraft } from "../draft.js";
import { Edits } from "../edit.js";
import { makeStage } from "../stage.js";
import { Editor } from "../editor.js";
import { Review } from "../review.js";
import { newestCorrection } from "../review-save.js";
import { link } from "../router.js";
import { go, notice, setTitle } from "../shell.js";
import { phrases, texts } from "../texts.js";
import { momentText } from "../when.js";

/** @typedef {import("../types.js").Audit} Audit */

/** @param {import("../app.js").Place} place */
export async function open({ root, params: [id], signal }) {
  /** @type {Audit} */
  const audit = await getJson(`/audits/${encodeURIComponent(id)}`, signal);
  const newest = audit.corrected ? await newestCorrection(id, signal) : null;
  if (signal.aborted) return;
  setTitle(phrases.reviewTitle(audit.bay));
  const model = audit.detections.map(({ box, label }, source) => ({ box, label, source }));
  const edits = new Edits(audit.image, newest?.detections ?? model);
  // The stage and the review need each other; the hooks are called only once both are there.
  /** @type {Review} */
  let review;
  const stage = makeStage(
    texts.reviewStage,
    (elements, hooks) =>
      new Editor(elements, hooks, edits, {
        edited: () => review.edited(),
        selected: () => review.selected(),
        tooled: (tool) => review.tooled(tool),
        look: (one) => review.look(one),
        label: () => review.newLabel,
      }),
  );
  review = new Review({ audit, model, edits, stage, base: newest?.id ?? null, signal });
  stage.element.classList.add("review__stage");
  root.replaceChildren(
    make(
      "header",
      { class: "review__head" },
      make(
        "a",
        { class: "icon-button review__back", href: link("audits", id), "aria-label": texts.reviewBack, title: texts.reviewBack },
        icon("back", "icon icon--flow"),
      ),
      make(
        "div",
        { class: "review__names" },
        make("h1", { class: "page__title review__title" }, audit.bay),
        make("p", { class: "review__where" }, `${audit.store} · ${momentText(audit.taken_at)}`),
      ),
      ...review.panel.head,
    ),
    make("div", { class: "review__trouble" }, review.keeper.trouble),
    stage.element,
    review.tools.element,
    review.panel.element,
  );
  stage.viewer.setSize(audit.image);
  review.start(root);
  guard(review, id, signal);
  const draft = readDraft(id);
  if (draft) review.keeper.remember(draft);
  stage.element.focus({ preventScroll: true });
  void loadPhoto(audit, stage, signal);
  if (draft?.dirty) await offer(review, draft, signal);
}

/** Work that was not saved is there again. @param {Review} review @param {import("../draft.js").Draft} draft @param {AbortSignal} signal */
async function offer(review, draft, signal) {
  review.keeper.offering = true;
  const answer = await ask({
    title: texts.draftTitle,
    body: [make("p", {}, phrases.draftText(momentText(draft.at)))],
    answers: [
      { value: "discard", label: texts.draftDiscard },
      { value: "go-on", label: texts.draftGoOn, primary: true },
    ],
    // Whatever is not a clear no keeps the work; a page that is left asks again.
    escape: "go-on",
    signal,
  });
  if (signal.aborted) return;
  review.keeper.offering = false;
  if (answer === "go-on") review.keeper.takeUp(draft);
  else {
    review.keeper.keep();
    notice(texts.draftDiscarded, { label: texts.undo, run: () => !signal.aborted && review.keeper.takeUp(draft) });
  }
}

/** Leaving with unsaved work warns, whichever way one leaves. @param {Review} review @param {string} id @param {AbortSignal} signal */
function guard(review, id, signal) {
  let warned = false;
  addEventListener("beforeunload", (event) => review.edits.dirty && event.preventDefault(), { signal });
  document.addEventListener(
    "click",
    async (event) => {
      const anchor = event.target instanceof Element ? event.target.closest('a[href^="#/"]') : null;
      const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (!(anchor instanceof HTMLAnchorElement) || !plain || !review.edits.dirty) return;
      event.preventDefault();
      const answer = await ask({
        title: texts.leaveTitle,
        body: [make("p", {}, texts.leaveText)],
        answers: [
          { value: "", label: texts.leaveStay },
          { value: "leave", label: texts.leaveLeave },
          { value: "save", label: texts.leaveSave, primary: true },
        ],
        signal,
      });
      if (!answer || (answer === "save" && !(await review.keeper.save()))) return;
      warned = true;
      if (!signal.aborted) go(anchor.hash);
    },
    { signal, capture: true },
  );
  signal.addEventListener("abort", () => {
    // The browser's own "back" cannot be held up.
    if (review.edits.dirty && !warned) notice(texts.draftKept, { label: texts.draftBack, run: () => go(link("audits", id, "review")) });
  });
}
