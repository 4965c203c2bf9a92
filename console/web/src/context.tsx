/** What every page may use: the client, messages on top of the page, and the trail of links above it. */

import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { Client } from "./api/client.ts";
import { isApiError, messageOf } from "./api/errors.ts";

export interface Message {
  readonly type: "success" | "error" | "info" | "warning" | "in-progress";
  readonly header?: ReactNode;
  readonly content?: ReactNode;
  /** A later message with the same id takes the place of the earlier. */
  readonly id?: string;
}

interface Console {
  readonly client: Client;
  readonly messages: readonly FlashbarProps.MessageDefinition[];
  readonly tell: (message: Message) => void;
  readonly tellError: (what: string, error: unknown) => void;
  /** Why `what` is shown as it last was, until it is told again without a reason. */
  readonly tellStale: (what: string, reason: string | undefined) => void;
  readonly signOut: () => void;
}

const ConsoleContext = createContext<Console | undefined>(undefined);
const MESSAGES_MAX = 5;

export function ConsoleProvider(props: { client: Client; signOut: () => void; children: ReactNode }) {
  const { client, signOut, children } = props;
  const [messages, setMessages] = useState<readonly FlashbarProps.MessageDefinition[]>([]);

  const tell = useCallback((message: Message) => {
    const id = message.id ?? crypto.getRandomValues(new Uint32Array(2)).join("-");
    const dismiss = () => setMessages((all) => all.filter((each) => each.id !== id));
    const shown: FlashbarProps.MessageDefinition = {
      id,
      type: message.type === "in-progress" ? "in-progress" : message.type,
      loading: message.type === "in-progress",
      header: message.header,
      content: message.content,
      dismissible: true,
      dismissLabel: "Dismiss message",
      onDismiss: dismiss,
    };
    // One success at a time: the last is what the user just did. What went wrong stays until it is dismissed.
    const stays = (each: FlashbarProps.MessageDefinition) =>
      each.id !== id && !(shown.type === "success" && each.type === "success");
    setMessages((all) => [shown, ...all.filter(stays)].slice(0, MESSAGES_MAX));
  }, []);

  const tellError = useCallback(
    (what: string, error: unknown) => {
      const code = isApiError(error) ? error.code : undefined;
      const request = isApiError(error) && error.requestId ? ` (request ID ${error.requestId})` : "";
      const prefix = code && messageOf(error) !== code ? `${code}: ` : "";
      tell({ type: "error", header: what, content: `${prefix}${messageOf(error)}${request}` });
    },
    [tell],
  );

  const [stale, setStale] = useState<ReadonlyMap<string, string>>(new Map());
  const tellStale = useCallback((what: string, reason: string | undefined) => {
    setStale((before) => {
      if (before.get(what) === reason) return before;
      const after = new Map(before);
      if (reason === undefined) after.delete(what);
      else after.set(what, reason);
      return after;
    });
  }, []);

  const value = useMemo(
    () => ({ client, messages: [...staleness(stale), ...messages], tell, tellError, tellStale, signOut }),
    [client, messages, stale, tell, tellError, tellStale, signOut],
  );
  return <ConsoleContext.Provider value={value}>{children}</ConsoleContext.Provider>;
}

/** One message for all that is not up to date: the server that does not answer is the same. */
function staleness(stale: ReadonlyMap<string, string>): FlashbarProps.MessageDefinition[] {
  const reasons = [...new Set(stale.values())];
  if (reasons.length === 0) return [];
  const content = `${reasons.join(" ")} The page asks again by itself.`;
  return [{ id: "stale", type: "warning", header: "What is shown is not up to date", content }];
}

export function useConsole(): Console {
  const value = useContext(ConsoleContext);
  if (!value) throw new Error("no console around this component");
  return value;
}

export function useClient(): Client {
  return useConsole().client;
}
