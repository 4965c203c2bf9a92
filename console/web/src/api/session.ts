/**
 * Who uses the page, and with which temporary credentials.
 *
 * The access key that is typed signs one request to `/-/console/session` and is then forgotten; the answer's temporary
 * credentials live in this object alone, and a sealed cookie that scripts cannot read lets a reload ask for new ones.
 */

import { ApiError, errorOf } from "./errors.ts";
import { type Credentials, sha256Hex, signHeaders } from "./signer.ts";

export interface Identity {
  readonly accountId: string;
  readonly arn: string;
  readonly userName: string;
}

interface Grant {
  readonly credentials: Credentials;
  readonly expiresMs: number;
  readonly identity: Identity;
  readonly regions: readonly string[];
}

const PATH = "/-/console/session";
const RENEW_BEFORE_MS = 5 * 60_000;
const RENEWALS_APART_MS = 60_000;
const GUARD = { "x-farshore-console": "1" };

export class Session {
  private grant: Grant | undefined;
  private skewMs = 0;
  private renewedMs = 0;
  private renewing: Promise<boolean> | undefined;

  /** Called when the session ends by itself. */
  onEnd: () => void = () => {};

  get identity(): Identity {
    if (!this.grant) throw new Error("nobody is signed in");
    return this.grant.identity;
  }

  /** Regions that the server serves, its default first. */
  get regions(): readonly string[] {
    return this.grant?.regions ?? [];
  }

  /** The server's time, so that a wrong clock of this machine does not spoil signatures. */
  now(): Date {
    return new Date(Date.now() + this.skewMs);
  }

  async credentials(): Promise<Credentials> {
    if (this.grant && this.runsOut(this.grant) && Date.now() - this.renewedMs > RENEWALS_APART_MS) await this.renew();
    if (!this.grant) throw new ApiError("SignedOut", "You are signed out. Sign in again.", 401, "");
    return this.grant.credentials;
  }

  /** Ask for a session with the cookie of an earlier sign-in. Returns whether there is one. */
  async resume(): Promise<boolean> {
    const response = await fetch(PATH, { headers: GUARD, credentials: "same-origin", cache: "no-store" });
    this.measureSkew(response);
    if (response.status !== 200) return false;
    this.grant = readGrant(await response.json());
    return true;
  }

  /** New credentials for those that run out. False, and the session is over, when the server gives none. */
  renew(): Promise<boolean> {
    this.renewing ??= this.renewOnce().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  /** Throws ApiError when the key is refused. */
  async signIn(key: Credentials): Promise<void> {
    let region = "us-east-1";
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.post(key, region);
      if (response.ok) {
        this.grant = readGrant(await response.json());
        return;
      }
      const error = errorOf(response.status, await response.text(), response.headers);
      // Once more, with what the answer taught: the server's time, or a region that it serves.
      const taught = error.code === "RequestTimeTooSkewed" || error.details["Region"] !== undefined;
      if (!taught || attempt > 1) throw error;
      region = error.details["Region"] ?? region;
    }
  }

  async signOut(): Promise<void> {
    this.grant = undefined;
    await fetch(PATH, { method: "DELETE", headers: GUARD, credentials: "same-origin" });
  }

  private async post(key: Credentials, region: string): Promise<Response> {
    const headers = signHeaders(
      { method: "POST", host: window.location.host, path: PATH, query: {}, headers: GUARD, payloadHash: sha256Hex("") },
      { service: "s3", region, now: this.now() },
      key,
    );
    let response: Response;
    try {
      response = await fetch(PATH, { method: "POST", headers, credentials: "same-origin", cache: "no-store" });
    } catch {
      throw new ApiError("NoAnswer", "The server does not answer. Check that it runs, and try again.", 0, "");
    }
    this.measureSkew(response);
    return response;
  }

  private runsOut(grant: Grant): boolean {
    return grant.expiresMs - this.now().getTime() < RENEW_BEFORE_MS;
  }

  private async renewOnce(): Promise<boolean> {
    this.renewedMs = Date.now();
    let renewed: boolean;
    try {
      renewed = await this.resume();
    } catch {
      return false; // No answer is no end: the next request tries again.
    }
    if (!renewed) {
      this.grant = undefined;
      this.onEnd();
    }
    return renewed;
  }

  /** A Date header has whole seconds: smaller differences are none. */
  private measureSkew(response: Response): void {
    const date = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(date)) return;
    const skew = date - Date.now();
    this.skewMs = Math.abs(skew) < 2_000 ? 0 : skew;
  }
}

interface GrantDocument {
  readonly Account: string;
  readonly Arn: string;
  readonly Regions: readonly string[];
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly Expiration: string;
  };
}

function readGrant(value: unknown): Grant {
  const document = value as GrantDocument;
  const given = document.Credentials;
  return {
    credentials: {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
    },
    expiresMs: Date.parse(given.Expiration),
    identity: { accountId: document.Account, arn: document.Arn, userName: userName(document.Arn) },
    regions: document.Regions,
  };
}

/** "root" of arn:aws:iam::111122223333:root, "alice" of …:user/alice. */
function userName(arn: string): string {
  const resource = arn.slice(arn.lastIndexOf(":") + 1);
  return resource.slice(resource.lastIndexOf("/") + 1);
}
