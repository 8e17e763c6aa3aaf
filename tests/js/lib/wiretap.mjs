/** A pipe in front of the server that keeps every byte of both directions, below anything that a page could avoid. */

import { connect, createServer } from "node:net";

/** Opens it on a free port. `pipeTo` says where the server is, once that is known. */
export async function openWiretap() {
  const sent = [];
  const answered = [];
  const sockets = new Set();
  let target;
  const listener = createServer((near) => {
    const far = connect(target);
    const [up, down] = [[], []];
    sent.push(up);
    answered.push(down);
    near.on("data", (bytes) => up.push(bytes)).pipe(far);
    far.on("data", (bytes) => down.push(bytes)).pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => sockets.delete(one));
    }
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${listener.address().port}`,
    pipeTo(address) {
      const [host, port] = address.split(":");
      target = { host, port: Number(port) };
    },
    /** What went to the server, and what came back: all of it. */
    sent: () => Buffer.concat(sent.flat()),
    answered: () => Buffer.concat(answered.flat()),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
