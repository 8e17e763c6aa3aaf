import { afterEach, describe, expect, it, vi } from "vitest";
import { ProblemError } from "./problem";
import { get, post } from "./request";

function answer(status: number, body: string, headers: Record<string, string> = {}) {
  const fetched = vi.fn(async () => new Response(body, { status, headers }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe("a request", () => {
  it("posts JSON to its own origin only", async () => {
    const fetched = answer(200, '{"next":"/account/"}');
    await expect(post("/login/finish/", { auth_id: "a" })).resolves.toEqual({ next: "/account/" });
    const [path, init] = fetched.mock.calls[0] as unknown as [string, RequestInit];
    expect(path).toBe("/login/finish/");
    expect(init).toMatchObject({ method: "POST", credentials: "same-origin", body: '{"auth_id":"a"}' });
    expect(init.headers).toMatchObject({ "Content-Type": "application/json" });
  });

  it("turns a problem document into its problem", async () => {
    answer(503, '{"type":"urn:countersign:problem:unavailable"}', { "Retry-After": "4" });
    const failure = await get("/account/session/").catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ProblemError);
    expect((failure as ProblemError).problem).toEqual({ kind: "unavailable", retryAfter: 4 });
  });

  it("says unreachable where nothing answers", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(get("/")).rejects.toMatchObject({ problem: { kind: "unreachable" } });
  });

  it.each(["", "<html></html>", "3", "null"])("does not take %j for a success", async (body) => {
    answer(200, body);
    await expect(get("/")).rejects.toMatchObject({ problem: { kind: "internal" } });
  });
});
