// A Modbus TCP device whose registers count on, so that every value a page shows changes.
import { createServer } from "node:net";

const HEADER = 7;
const READ_HOLDING = 3;
/** Registers are new so often. */
const STEP_MS = 50;

/** Returns the answer to a request for holding registers, or an exception for anything else. */
function answer(request) {
  const code = request[HEADER];
  const first = request.readUInt16BE(HEADER + 1);
  const count = request.readUInt16BE(HEADER + 3);
  const isRead = code === READ_HOLDING && 1 <= count && count <= 125;
  const body = Buffer.alloc(isRead ? 2 + 2 * count : 2);
  if (isRead) {
    body[0] = code;
    body[1] = 2 * count;
    const step = Math.floor(Date.now() / STEP_MS);
    for (let at = 0; at < count; at += 1)
      body.writeUInt16BE((step + 7 * (first + at)) % 10_000, 2 + 2 * at);
  } else {
    body[0] = code | 0x80;
    body[1] = 1;
  }
  const header = Buffer.from(request.subarray(0, HEADER));
  header.writeUInt16BE(body.length + 1, 4);
  return Buffer.concat([header, body]);
}

function serve(socket) {
  let waiting = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    while (HEADER < waiting.length) {
      const length = 6 + waiting.readUInt16BE(4);
      if (waiting.length < length) return;
      socket.write(answer(waiting.subarray(0, length)));
      waiting = waiting.subarray(length);
    }
  });
}

/** Starts the device on a free port; returns its address and how to stop it. */
export async function startDevice() {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
