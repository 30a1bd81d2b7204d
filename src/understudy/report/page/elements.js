"use strict";
// What every part of the page is made with; `money` and `ready` are added by the explorer, `decided` by the review.
const understudy = (() => {
  const $ = (id) => document.getElementById(id);
  // Text from outside, typed by reviewers too: what could reorder a line is written out.
  const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;
  const shown = (text) => String(text).replace(UNSAFE, (mark) => "\\u" + mark.codePointAt(0).toString(16).padStart(4, "0"));
  const make = (tag, text, css) => {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = shown(text);
    if (css) node.className = css;
    return node;
  };
  const button = (text, act) => {
    const node = make("button", text);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  };
  const words = (name) => name.replaceAll("_", " ");
  const placeOf = (caseId) => "#/case/" + encodeURIComponent(caseId);

  async function unpack(name) {
    const text = $("data-" + name).textContent;
    const binary = atob(text), bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  return { $, make, button, words, placeOf, unpack };
})();
