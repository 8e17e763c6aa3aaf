import { describe, expect, it } from "vitest";
import type { Client } from "./api";
import { linesOf, metadataOf, replacement } from "./client-metadata";

describe("a new application", () => {
  it("has an address a line", () => {
    expect(linesOf(" https://a.example/cb \r\n\n https://b.example/cb")).toEqual([
      "https://a.example/cb",
      "https://b.example/cb",
    ]);
    expect(linesOf(undefined)).toEqual([]);
  });

  it("with a server proves itself and uses PKCE", () => {
    expect(
      metadataOf({ kind: "web", client_name: "Shop", redirect_uris: "https://shop.example/cb" }),
    ).toMatchObject({
      client_name: "Shop",
      redirect_uris: ["https://shop.example/cb"],
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: ["authorization_code", "refresh_token"],
      application_type: "web",
      id_token_signed_response_alg: "EdDSA",
      require_pkce: true,
      first_party: false,
    });
  });

  it.each(["page", "native"] as const)("without one has no secret: %s", (kind) => {
    expect(metadataOf({ kind })).toMatchObject({
      token_endpoint_auth_method: "none",
      application_type: kind === "native" ? "native" : "web",
    });
  });

  it("without people asks for itself alone", () => {
    const metadata = metadataOf({
      kind: "service",
      redirect_uris: "https://left.example/",
      scope: "jobs:read",
    });
    expect(metadata).toMatchObject({ grant_types: ["client_credentials"], scope: "jobs:read" });
    expect(metadata).not.toHaveProperty("redirect_uris");
  });
});

describe("a changed application", () => {
  const client = {
    client_id: "shop",
    client_name: "Shop",
    redirect_uris: ["https://a/"],
    scope: "openid",
  } as Client;

  it("keeps what is not changed", () => {
    expect(replacement(client, { redirect_uris: ["https://b/"] })).toEqual({
      client_id: "shop",
      client_name: "Shop",
      redirect_uris: ["https://b/"],
      scope: "openid",
    });
  });

  it("loses what is taken out", () => {
    const limited = { ...client, required_scope: "staff" } as Client;
    expect(JSON.stringify(replacement(limited, { required_scope: undefined }))).not.toContain("staff");
  });

  it("without scopes says nothing of them", () => {
    expect(replacement({ ...client, scope: "" }, {})).not.toHaveProperty("scope");
  });
});
