/** The deployment's accounts, for who administers it: `/-/accounts` (docs/identity.md). */

import type { Client } from "./client.ts";
import type { NewAccessKey } from "./iam.ts";
import { date, objects, text } from "./json.ts";

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly created: Date | undefined;
  /** It is the deployment's first, whose root key is in the data folder. */
  readonly administers: boolean;
}

const PATH = "/-/accounts";

/** The oldest first. Throws ApiError AccessDenied for who may not. */
export async function listAccounts(client: Client, signal?: AbortSignal): Promise<Account[]> {
  const answer = await client.json({ region: client.anyRegion, method: "GET", path: PATH, signal });
  return objects(answer["accounts"]).map((each) => ({
    id: text(each["account_id"]) ?? "",
    name: text(each["name"]) ?? "",
    created: date(each["created_at"]),
    administers: each["administers"] === true,
  }));
}

/** The key of the new account's root, which is shown this once. */
export async function createAccount(client: Client, name: string): Promise<NewAccessKey> {
  const made = await client.json({ region: client.anyRegion, method: "POST", path: PATH, query: { name } });
  return { id: text(made["access_key_id"]) ?? "", secret: text(made["secret_access_key"]) ?? "" };
}
