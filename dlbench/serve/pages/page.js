// Keys go to the terminal from the start, without a click on it first.
addEventListener("load", () => {
  const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();
  focus();
  addEventListener("focus", focus);
});
