/** A browser without a screen: keeps cookies, follows redirects one by one, and does OPAQUE as the sign-in page does. */

import assert from "node:assert/strict";
import * as opaque from "@serenity-kit/opaque";

await opaque.ready;

/** The client half of OPAQUE, of the package that the page uses. */
export const { client } = opaque;

/** One browser with its cookies; `origin` is the server's. */
export class Browser {
  constructor(origin) {
    this.origin = origin;
    this.cookies = new Map();
  }

  /** One request; redirects are not followed. Cookies belong to the host, as in a real browser, whatever its port. */
  async request(url, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, ...(cookie && { Cookie: cookie }) };
    const response = await fetch(new URL(url, this.origin), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line) {
    const [pair, ...attributes] = line.split(";").map((part) => part.trim());
    const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    const of = (attribute) =>
      attributes.find((text) => text.toLowerCase().startsWith(`${attribute}=`))?.slice(attribute.length + 1);
    const gone = of("max-age") === "0" || Date.parse(of("expires") ?? "") <= Date.now();
    if (gone) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  /** Posts JSON as the page does. */
  post(path, body) {
    return this.request(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: this.origin },
      body: JSON.stringify(body),
    });
  }

  /** Posts JSON that must be taken, and gives the answer. */
  async ask(path, body) {
    const response = await this.post(path, body);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    return JSON.parse(text);
  }

  /** Follows redirects from `url` until one leads to `stop`, or a page shows; gives the last URL. */
  async follow(url, stop = () => false) {
    let at = new URL(url, this.origin);
    for (let hop = 0; hop < 20; hop += 1) {
      if (stop(at)) return at;
      const response = await this.request(at);
      const location = response.headers.get("location");
      await response.arrayBuffer();
      if (location === null) {
        assert.equal(response.status, 200, at.href);
        return at;
      }
      at = new URL(location, at);
    }
    throw new Error(`redirects without end, last to ${at}`);
  }

  /** The first message of a login: what client and server know afterwards. */
  async startLogin(email, password) {
    const { clientLoginState, startLoginRequest } = client.startLogin({ password });
    const started = await this.ask("/login/start/", { email, client_request: startLoginRequest });
    const finished = client.finishLogin({ clientLoginState, loginResponse: started.server_message, password });
    return { ...started, finished };
  }

  /** A whole login; gives where the server sends the browser next. */
  async signIn(email, password, flowId) {
    const { auth_id, finished } = await this.startLogin(email, password);
    assert.ok(finished, "the client takes the server's answer");
    const flow = flowId === undefined ? {} : { flow_id: flowId };
    const { next } = await this.ask("/login/finish/", {
      auth_id,
      client_request: finished.finishLoginRequest,
      ...flow,
    });
    return { next, exportKey: finished.exportKey };
  }

  async #enrol(path, finishPath, token, password) {
    const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
    const started = await this.ask(path, { token, client_request: registrationRequest });
    const finished = client.finishRegistration({
      clientRegistrationState,
      registrationResponse: started.server_message,
      password,
    });
    await this.ask(finishPath, { auth_id: started.auth_id, client_request: finished.registrationRecord });
    return finished;
  }

  /** Sign-up by mail, to an account that can sign in. */
  async signUp(server, email, password) {
    await this.ask("/onboard/signup/", { email });
    const token = tokenOf(await server.mailedLink(email));
    const confirmed = await this.ask("/onboard/email/", { token });
    assert.equal(confirmed.email, email);
    return this.#enrol("/onboard/register/", "/onboard/finish/", confirmed.token, password);
  }

  /** A new password by the token of a reset mail. */
  reset(token, password) {
    return this.#enrol("/update/password/start/", "/update/password/finish/", token, password);
  }

  /** Answers an authorization request: signs in and consents where asked; gives the answer at `redirectUri`. */
  async authorize(url, { email, password, decision = "allow", redirectUri }) {
    const asked = { login: false, consent: false };
    const isAnswer = (at) => at.href.split("?")[0] === redirectUri;
    let at = await this.follow(url, isAnswer);
    while (!isAnswer(at)) {
      const flowId = at.searchParams.get("flow_id");
      assert.ok(flowId, `a page of a flow, not ${at}`);
      if (at.pathname === "/login/") {
        assert.ok(!asked.login, "asked to sign in once");
        asked.login = true;
        at = await this.follow((await this.signIn(email, password, flowId)).next, isAnswer);
      } else {
        assert.equal(at.pathname, "/consent/");
        assert.ok(!asked.consent, "asked for consent once");
        asked.consent = true;
        at = await this.follow((await this.ask("/oauth/consent/", { flow_id: flowId, decision })).next, isAnswer);
      }
    }
    return { answer: at, asked };
  }
}

/** The token in a mailed link. */
export function tokenOf(link) {
  return new URL(link).hash.slice(1);
}
