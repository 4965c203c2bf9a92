/** IAM: the query protocol. Requests are signed for `iam` in us-east-1, as IAM's one endpoint is. */

import type { Client } from "./client.ts";
import { encode } from "./signer.ts";
import type { XmlElement } from "./xml.ts";

const VERSION = "2010-05-08";
const REGION = "us-east-1";

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly created: Date | undefined;
  readonly trustPolicy: string;
  readonly description: string;
}

export interface User {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly created: Date | undefined;
}

export interface AccessKeyInfo {
  readonly id: string;
  readonly active: boolean;
  readonly created: Date | undefined;
}

export interface NewAccessKey {
  readonly id: string;
  readonly secret: string;
}

export interface ManagedPolicy {
  readonly name: string;
  readonly arn: string;
  readonly attachments: number;
  readonly defaultVersion: string;
  readonly updated: Date | undefined;
}

export type Owner = { readonly kind: "User" | "Role" | "Group"; readonly name: string };

type Parameters = Readonly<Record<string, string | number | undefined>>;

/** One action of the query protocol; the answer's `<Action>Result`, or the whole answer where it has none. */
export async function query(
  client: Client,
  call: {
    service: "iam" | "sts";
    version: string;
    action: string;
    parameters?: Parameters;
    signal?: AbortSignal | undefined;
  },
): Promise<XmlElement> {
  const fields = { Action: call.action, Version: call.version, ...call.parameters };
  const body = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
    .join("&");
  const root = await client.xml({
    service: call.service,
    region: REGION,
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body,
    signal: call.signal,
  });
  return root.child(`${call.action}Result`) ?? root;
}

function iam(client: Client, action: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<XmlElement> {
  return query(client, { service: "iam", version: VERSION, action, parameters, signal });
}

/** All members of a listing, over its pages. */
async function all(
  client: Client,
  action: string,
  list: string,
  parameters: Parameters = {},
  signal?: AbortSignal,
): Promise<XmlElement[]> {
  const members: XmlElement[] = [];
  let marker: string | undefined;
  do {
    const page = await iam(client, action, { ...parameters, Marker: marker }, signal);
    members.push(...(page.child(list)?.children("member") ?? []));
    marker = page.flag("IsTruncated") ? page.text("Marker") : undefined;
  } while (marker);
  return members;
}

export async function listRoles(client: Client, signal?: AbortSignal): Promise<Role[]> {
  return (await all(client, "ListRoles", "Roles", {}, signal)).map(readRole);
}

export async function getRole(client: Client, name: string, signal?: AbortSignal): Promise<Role> {
  const role = (await iam(client, "GetRole", { RoleName: name }, signal)).child("Role");
  if (!role) throw new Error("GetRole answered no role");
  return readRole(role);
}

export interface NewRole {
  readonly name: string;
  readonly path: string;
  readonly trustPolicy: string;
  readonly description: string;
}

/** Returns the new role's ARN. */
export async function createRole(client: Client, role: NewRole): Promise<string> {
  const answer = await iam(client, "CreateRole", {
    RoleName: role.name,
    Path: role.path,
    AssumeRolePolicyDocument: role.trustPolicy,
    Description: role.description || undefined,
  });
  return answer.text("Role/Arn") ?? "";
}

export async function updateTrustPolicy(client: Client, name: string, document: string): Promise<void> {
  await iam(client, "UpdateAssumeRolePolicy", { RoleName: name, PolicyDocument: document });
}

export async function deleteRole(client: Client, name: string): Promise<void> {
  await iam(client, "DeleteRole", { RoleName: name });
}

export async function listUsers(client: Client, signal?: AbortSignal): Promise<User[]> {
  return (await all(client, "ListUsers", "Users", {}, signal)).map((user) => ({
    name: user.text("UserName") ?? "",
    arn: user.text("Arn") ?? "",
    path: user.text("Path") ?? "/",
    created: user.date("CreateDate"),
  }));
}

export async function createUser(client: Client, name: string): Promise<void> {
  await iam(client, "CreateUser", { UserName: name });
}

export async function deleteUser(client: Client, name: string): Promise<void> {
  await iam(client, "DeleteUser", { UserName: name });
}

export async function listAccessKeys(
  client: Client,
  userName: string | undefined,
  signal?: AbortSignal,
): Promise<AccessKeyInfo[]> {
  const members = await all(client, "ListAccessKeys", "AccessKeyMetadata", { UserName: userName }, signal);
  return members.map((key) => ({
    id: key.text("AccessKeyId") ?? "",
    active: key.text("Status") === "Active",
    created: key.date("CreateDate"),
  }));
}

/** The secret is answered this once. */
export async function createAccessKey(client: Client, userName: string): Promise<NewAccessKey> {
  const key = (await iam(client, "CreateAccessKey", { UserName: userName })).child("AccessKey");
  return { id: key?.text("AccessKeyId") ?? "", secret: key?.text("SecretAccessKey") ?? "" };
}

export async function setAccessKeyActive(client: Client, userName: string, id: string, active: boolean): Promise<void> {
  await iam(client, "UpdateAccessKey", { UserName: userName, AccessKeyId: id, Status: active ? "Active" : "Inactive" });
}

export async function deleteAccessKey(client: Client, userName: string, id: string): Promise<void> {
  await iam(client, "DeleteAccessKey", { UserName: userName, AccessKeyId: id });
}

/** scope: "Local" for the account's own, "All" with AWS's. */
export async function listManagedPolicies(
  client: Client,
  scope: "Local" | "All",
  signal?: AbortSignal,
): Promise<ManagedPolicy[]> {
  return (await all(client, "ListPolicies", "Policies", { Scope: scope }, signal)).map((policy) => ({
    name: policy.text("PolicyName") ?? "",
    arn: policy.text("Arn") ?? "",
    attachments: policy.number("AttachmentCount") ?? 0,
    defaultVersion: policy.text("DefaultVersionId") ?? "v1",
    updated: policy.date("UpdateDate") ?? policy.date("CreateDate"),
  }));
}

/** The document of the version that counts. */
export async function managedPolicyDocument(client: Client, arn: string, signal?: AbortSignal): Promise<string> {
  const policy = await iam(client, "GetPolicy", { PolicyArn: arn }, signal);
  const version = policy.text("Policy/DefaultVersionId") ?? "v1";
  const answer = await iam(client, "GetPolicyVersion", { PolicyArn: arn, VersionId: version }, signal);
  return decodeDocument(answer.text("PolicyVersion/Document"));
}

export async function createManagedPolicy(client: Client, name: string, document: string): Promise<void> {
  await iam(client, "CreatePolicy", { PolicyName: name, PolicyDocument: document });
}

export async function updateManagedPolicy(client: Client, arn: string, document: string): Promise<void> {
  await iam(client, "CreatePolicyVersion", { PolicyArn: arn, PolicyDocument: document, SetAsDefault: "true" });
}

export async function deleteManagedPolicy(client: Client, arn: string): Promise<void> {
  await iam(client, "DeletePolicy", { PolicyArn: arn });
}

export async function inlinePolicyNames(client: Client, owner: Owner, signal?: AbortSignal): Promise<string[]> {
  const members = await all(client, `List${owner.kind}Policies`, "PolicyNames", named(owner), signal);
  return members.map((member) => member.content);
}

export async function inlinePolicy(client: Client, owner: Owner, name: string, signal?: AbortSignal): Promise<string> {
  const answer = await iam(client, `Get${owner.kind}Policy`, { ...named(owner), PolicyName: name }, signal);
  return decodeDocument(answer.text("PolicyDocument"));
}

export async function putInlinePolicy(client: Client, owner: Owner, name: string, document: string): Promise<void> {
  await iam(client, `Put${owner.kind}Policy`, { ...named(owner), PolicyName: name, PolicyDocument: document });
}

export async function deleteInlinePolicy(client: Client, owner: Owner, name: string): Promise<void> {
  await iam(client, `Delete${owner.kind}Policy`, { ...named(owner), PolicyName: name });
}

export async function attachedPolicies(
  client: Client,
  owner: Owner,
  signal?: AbortSignal,
): Promise<{ name: string; arn: string }[]> {
  const members = await all(client, `ListAttached${owner.kind}Policies`, "AttachedPolicies", named(owner), signal);
  return members.map((member) => ({ name: member.text("PolicyName") ?? "", arn: member.text("PolicyArn") ?? "" }));
}

export async function attachPolicy(client: Client, owner: Owner, arn: string): Promise<void> {
  await iam(client, `Attach${owner.kind}Policy`, { ...named(owner), PolicyArn: arn });
}

export async function detachPolicy(client: Client, owner: Owner, arn: string): Promise<void> {
  await iam(client, `Detach${owner.kind}Policy`, { ...named(owner), PolicyArn: arn });
}

/** Counts and quotas by IAM's names. */
export async function accountSummary(client: Client, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const answer = await iam(client, "GetAccountSummary", {}, signal);
  const entries = answer.child("SummaryMap")?.children("entry") ?? [];
  return new Map(entries.map((entry) => [entry.text("key") ?? "", entry.number("value") ?? 0]));
}

function named(owner: Owner): Parameters {
  return { [`${owner.kind}Name`]: owner.name };
}

function readRole(role: XmlElement): Role {
  return {
    name: role.text("RoleName") ?? "",
    arn: role.text("Arn") ?? "",
    path: role.text("Path") ?? "/",
    created: role.date("CreateDate"),
    trustPolicy: decodeDocument(role.text("AssumeRolePolicyDocument")),
    description: role.text("Description") ?? "",
  };
}

/** AWS: policy documents in answers are URL-encoded. Shown indented. */
function decodeDocument(text: string | undefined): string {
  if (!text) return "";
  const decoded = text.trimStart().startsWith("%") ? decodeURIComponent(text) : text;
  try {
    return JSON.stringify(JSON.parse(decoded), null, 2);
  } catch {
    return decoded;
  }
}
