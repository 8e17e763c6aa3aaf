import { describe, expect, it } from "vitest";
import { linkify } from "./linkify";

const links = (text: string) => linkify(text).flatMap((stretch) => (stretch.link ? [stretch.text] : []));

describe("links in a mail", () => {
  it("are found with their fragment", () => {
    expect(links("Open http://127.0.0.1:4242/confirm/#aB-_9 soon.")).toEqual([
      "http://127.0.0.1:4242/confirm/#aB-_9",
    ]);
  });

  it.each([".", ",", ")", "!", "?", ";", ":", "]", ">"])("end before a closing %s", (mark) => {
    expect(links(`(see https://a.example/b/#c${mark} or not`)).toEqual(["https://a.example/b/#c"]);
  });

  it("are of the web only", () => expect(links("javascript:alert(1) data:text/html,x ftp://x")).toEqual([]));

  it.each(["", "no link", "https://a.example", "a https://a.example/ b http://b.example/#x\nc"])(
    "leave the text as it was: %j",
    (text) => {
      expect(
        linkify(text)
          .map((stretch) => stretch.text)
          .join(""),
      ).toBe(text);
    },
  );
});
