/** A browser without a screen: keeps cookies, follows redirects one by one, and does OPAQUE as the sign-in page does. */

import assert from "node:assert/strict";
import { request as send } from "node:http";
import { buffer } from "node:stream/consumers";
import * as opaque from "@serenity-kit/opaque";

await opaque.ready;

/** The client half of OPAQUE, of the package that the page uses. */
export const { client } = opaque;

/** What a browser says when a person follows a link. `fetch` cannot say so. */
const NAVIGATION = {
  Accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "Sec-Fetch-Dest": "document",
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-Site": "cross-site",
};

/** One browser with its cookies; `origin` is the server's. */
export class Browser {
  constructor(origin) {
    this.origin = origin;
    this.cookies = new Map();
  }

  /** Opens an address as a click on a link would; redirects are not followed. Cookies belong to the host, whatever its port. */
  request(url, { method = "GET", headers = NAVIGATION, body } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return new Promise((resolve, reject) => {
      const sent = send(new URL(url, this.origin), {
        method,
        headers: { ...headers, ...(cookie && { Cookie: cookie }) },
      });
      sent.once("error", reject);
      sent.once("response", (answer) => {
        for (const line of answer.headers["set-cookie"] ?? []) this.#keep(line);
        const lines = Object.entries(answer.headersDistinct).flatMap(([name, values]) => values.map((v) => [name, v]));
        const whole = (bytes) => new Response(bytes, { status: answer.statusCode, headers: lines });
        buffer(answer).then(whole).then(resolve, reject);
      });
      sent.end(body);
    });
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
      headers: { "Content-Type": "application/json", Origin: this.origin, "Sec-Fetch-Site": "same-origin" },
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

  /** Answers an authorization request: signs in and consents where asked, until the browser is back at the application. */
  async authorize(url, { email, password, decision = "allow", redirectUri }) {
    const asked = { login: false, consent: false };
    const isAnswer = (at) => at.href.split("?")[0] === redirectUri;
    let at = await this.follow(url, isAnswer);
    while (at.origin === this.origin) {
      const page = at.pathname.replaceAll("/", "");
      const flowId = at.searchParams.get("flow_id");
      assert.ok(asked[page] === false && flowId, `a page of a flow, and each but once: ${at}`);
      asked[page] = true;
      const { next } =
        page === "login"
          ? await this.signIn(email, password, flowId)
          : await this.ask("/oauth/consent/", { flow_id: flowId, decision });
      at = await this.follow(next, isAnswer);
    }
    return { answer: at, asked };
  }
}

/** The token in a mailed link. */
export function tokenOf(link) {
  return new URL(link).hash.slice(1);
}
