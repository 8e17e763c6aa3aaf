import { describe, expect, it } from "vitest";
import type { Profile } from "./api";
import {
  addressLines,
  changesOf,
  dayWords,
  isField,
  languages,
  languageWords,
  type Values,
  wrongWith,
} from "./profile-fields";

const EMPTY: Values = {
  given_name: "",
  family_name: "",
  call_name: "",
  phone: "",
  birth_date: "",
  education: "",
  street_address: "",
  postal_code: "",
  locality: "",
  region: "",
  country: "",
  locale: "",
  age_privacy: false,
};

const ANN: Profile = { given_name: "Ann", phone: "+31612345678", age_privacy: true };

describe("what is sent of a form", () => {
  it("is nothing where nothing changed", () => {
    expect(changesOf({ age_privacy: false }, EMPTY)).toEqual({});
    const same = { ...EMPTY, given_name: " Ann ", phone: "+31612345678", age_privacy: true };
    expect(changesOf(ANN, same)).toEqual({});
  });

  it("is what was added, changed and emptied", () => {
    const edited = { ...EMPTY, given_name: "Anna", birth_date: "2004-02-29", age_privacy: false };
    expect(changesOf(ANN, edited)).toEqual({
      given_name: "Anna",
      birth_date: "2004-02-29",
      phone: null,
      age_privacy: false,
    });
  });
});

describe("a problem's field", () => {
  it("is looked for among those of the form alone", () => {
    expect(isField("phone")).toBe(true);
    for (const other of [undefined, "", "email", "locale", "constructor"]) expect(isField(other)).toBe(false);
  });

  it("is told in a sentence", () => {
    expect(wrongWith("it lies in the future")).toBe("It lies in the future.");
    expect(wrongWith(undefined)).toBe("This cannot be used.");
  });
});

describe("what is shown", () => {
  it("is an address as on a letter, as far as it is known", () => {
    expect(addressLines({ age_privacy: false })).toEqual([]);
    expect(
      addressLines({
        age_privacy: false,
        street_address: "Mill 1\nYard",
        postal_code: "1234 AB",
        locality: "Delft",
        country: "Netherlands",
      }),
    ).toEqual(["Mill 1", "Yard", "1234 AB Delft", "Netherlands"]);
  });

  it("is a day that is the same in every time zone", () => {
    expect(dayWords("2004-02-29")).toMatch(/29/);
    expect(dayWords("2004-02-29")).toMatch(/2004/);
    expect(dayWords("soon")).toBe("soon");
  });

  it("is the name of a language, also of one that cannot be chosen anew", () => {
    expect(languages("").map(([tag]) => tag)).toEqual(["en", "nl"]);
    expect(languages("nl")).toHaveLength(2);
    expect(languages("fr-BE").at(-1)).toEqual(["fr-BE", "French (Belgium)"]);
    expect(languageWords("nl")).toBe("Nederlands");
    expect(languageWords("no such tag")).toBe("no such tag");
  });
});
