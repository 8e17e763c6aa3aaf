/** The real server, started for one test file on a free port with an empty folder, and stopped in order. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** The server. */
export const BINARY = resolve(process.env.COUNTERSIGN_BIN ?? join(import.meta.dirname, "../../../target/debug/countersign"));
const START_MS = 60_000;
const STOP_MS = 60_000;

/** The server's own variables alone, so that nothing of the machine's changes what is tested. */
export function environment(own) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTERSIGN_"));
  return { ...Object.fromEntries(inherited), ...own };
}

async function readyLine(child) {
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("{")) return JSON.parse(line);
    }
  } finally {
    clearTimeout(deadline);
  }
  throw new Error("the server ended without its ready line");
}

/** Starts `countersign dev`. `env` holds `COUNTERSIGN_…` variables over the defaults, `options` more of the command's. */
export async function startServer(env = {}, options = []) {
  const data = await mkdtemp(join(tmpdir(), "countersign-js-"));
  const ran = ["dev", "--json", "--listen", "127.0.0.1:0", "--data", data, ...options];
  return start(ran, env, { data, env: {}, where: ["--data", data] });
}

/** Starts `countersign serve`, as in production; its mail goes to `smtp`, of `smtp.mjs`. */
export async function startServe(smtp, env = {}) {
  const data = await mkdtemp(join(tmpdir(), "countersign-js-"));
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const whole = {
    COUNTERSIGN_LISTEN: new URL(issuer).host,
    COUNTERSIGN_DATABASE_URL: `sqlite:${join(data, "countersign.db")}`,
    COUNTERSIGN_MASTER_KEY: randomBytes(32).toString("hex"),
    COUNTERSIGN_DEFINE__ISSUER: issuer,
    COUNTERSIGN_MAIL__FROM: "no-reply@example.org",
    COUNTERSIGN_MAIL__URL: smtp.url,
    COUNTERSIGN_MAIL__STARTTLS: "never",
    ...env,
  };
  return start(["serve"], whole, { data, env: whole, where: [], smtp });
}

/** A port that is free now: the issuer has to name it before the server is there. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function start(ran, env, parts) {
  const child = spawn(BINARY, ran, { env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const failed = ended.then(() => {
    throw new Error(`the server ended:\n${log}`);
  });
  failed.catch(() => undefined);
  const { issuer, address } = await Promise.race([readyLine(child), failed]);
  child.stdout.resume();
  return new Server({ ...parts, binary: BINARY, issuer, address, child, ended, log: () => log });
}

/** A running server. */
class Server {
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** An absolute URL. */
  url(path) {
    return `${this.issuer}${path}`;
  }

  /** Runs another command on the same store, beside the server, and gives the JSON that it prints. */
  command(...args) {
    return this.commandWith("", ...args);
  }

  /** The same for a command that reads `input`. */
  async commandWith(input, ...args) {
    const running = promisify(execFile)(BINARY, [...args, ...this.where, "--json"], { env: environment(this.env) });
    // A command that reads nothing may be gone before.
    running.child.stdin.on("error", () => undefined).end(input);
    return JSON.parse((await running).stdout);
  }

  /** Registers a client by RFC 7591 metadata. */
  addClient(metadata) {
    return this.commandWith(JSON.stringify(metadata), "client", "add", "--file", "-");
  }

  /** The mails to `address`, newest first. */
  async mails(address) {
    if (this.smtp !== undefined) return this.smtp.mails(address);
    const response = await fetch(this.url("/dev/mailbox.json"));
    return (await response.json()).filter((mail) => mail.to.includes(address));
  }

  /** Waits for a mail to `address` whose subject has these words. */
  mail(address, words) {
    return eventually(`a mail to ${address} about "${words}"`, async () =>
      (await this.mails(address)).find(({ subject }) => subject.includes(words)),
    );
  }

  /** Waits for the mail to `address` that is number `count` of those with a link, and gives the link in it. */
  async mailedLink(address, count = 1) {
    const links = await eventually(`link ${count} to ${address}`, async () => {
      const mails = await this.mails(address);
      const found = mails.flatMap((mail) => /https?:\/\/\S+#\S+/.exec(mail.text)?.[0] ?? []);
      return found.length >= count && found;
    });
    return links[links.length - count];
  }

  /** Stops it as an operator does; it must end well and must not have panicked. */
  async stop() {
    this.child.kill("SIGTERM");
    const deadline = setTimeout(() => this.child.kill("SIGKILL"), STOP_MS);
    const end = await this.ended;
    clearTimeout(deadline);
    await rm(this.data, { recursive: true });
    assert.deepEqual(end, { code: 0, signal: null }, this.log());
    assert.doesNotMatch(this.log(), /panicked/);
  }
}

/** Asks again until `look` gives something, for a generous time. */
export async function eventually(what, look, limitMs = 30_000) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
