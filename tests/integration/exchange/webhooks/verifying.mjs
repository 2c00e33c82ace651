// Verifies messages with the npm package standardwebhooks: cases as JSON on standard input, what came of each on the output.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { Webhook } = createRequire(process.argv[2])("standardwebhooks");

function verified({ secret, headers, body }) {
  try {
    return { said: new Webhook(secret).verify(Buffer.from(body, "base64"), headers) };
  } catch (error) {
    return { refused: error.message };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(verified)));
