import { describe, expect, it } from "vitest";
import type { Client, Person } from "./api";
import { addressOf, dateOf, kindOf, nameOf, today } from "./words";

describe("a person", () => {
  it("goes by name, as far as there is one", () => {
    const email = "ann@example.org";
    expect(nameOf({ email, given_name: "Ann", family_name: "de Vries" })).toBe("Ann de Vries");
    expect(nameOf({ email, given_name: null, family_name: "de Vries" })).toBe("de Vries");
    expect(nameOf({ email })).toBe(email);
  });

  it("lives at an address in lines", () => {
    const person = { street_address: "Mill 1\nYard", postal_code: "2611", country: "NL" } as Person;
    expect(addressOf(person)).toEqual(["Mill 1", "Yard", "2611", "NL"]);
    expect(addressOf({} as Person)).toEqual([]);
  });
});

describe("days", () => {
  it("are the same in every time zone", () => {
    expect(dateOf("2004-02-29")).toMatch(/2004/);
    expect(dateOf("2004-02-29")).toMatch(/29/);
    expect(dateOf("not a date")).toBe("not a date");
  });

  it("are written as date fields take them", () => {
    expect(today(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
  });
});

describe("an application", () => {
  const client = (change: Partial<Client>) =>
    kindOf({
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "client_secret_basic",
      application_type: "web",
      ...change,
    } as Client);

  it("is of a kind", () => {
    expect(client({})).toBe("Web application");
    expect(client({ token_endpoint_auth_method: "none" })).toBe("Single page app");
    expect(client({ application_type: "native", token_endpoint_auth_method: "none" })).toBe("Installed app");
    expect(client({ grant_types: ["client_credentials"] })).toBe("Service");
    expect(client({ grant_types: ["urn:ietf:params:oauth:grant-type:device_code"] })).toBe("Device");
  });
});
