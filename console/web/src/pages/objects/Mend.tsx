import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Permission, Remedy } from "../../api/explain.ts";
import type { ObjectPlace } from "../../api/objects.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { useConsole } from "../../context.tsx";
import { MendRole } from "./MendRole.tsx";
import { mendOf } from "./mends.ts";

interface Properties {
  readonly remedy: Remedy;
  readonly destination: string | undefined;
  readonly place: ObjectPlace;
  readonly onMended: () => Promise<void>;
}

/**
 * One change that would mend it: a button where the page can do it, or leads to where it is done, and the caller may;
 * else who may; and the command.
 */
export function Mend({ remedy, destination, place, onMended }: Properties) {
  const { client, tell, tellError } = useConsole();
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false);
  const mend = mendOf(remedy, place, destination);
  const act = async () => {
    if (mend?.dialog) setOpen(true);
    if (!mend?.run) return;
    setBusy(true);
    try {
      await mend.run(client);
      tell({ type: "success", header: `Done: ${mend.label}` });
      await onMended();
    } catch (error) {
      tellError(`${mend.label} did not work`, error);
    }
    setBusy(false);
  };
  return (
    <Alert
      type="info"
      header="What would mend it"
      action={
        mend &&
        remedy.lacks.length === 0 &&
        (mend.run || mend.dialog ? (
          <Button loading={busy} onClick={() => void act()}>
            {mend.label}
          </Button>
        ) : (
          <Button href={mend.href}>{mend.label}</Button>
        ))
      }
    >
      <SpaceBetween size="xs">
        <Box color="inherit">{capital(remedy.text)}.</Box>
        {remedy.lacks.length > 0 && <WhoMay lacks={remedy.lacks} accountId={client.accountId} />}
        {[remedy.command, remedy.then].map(
          (command) => command && <Copyable key={command} text={command} what="command" />,
        )}
        {remedy.instead !== undefined && (
          <>
            <Box color="inherit">Or instead:</Box>
            <Copyable text={remedy.instead} what="command" />
          </>
        )}
      </SpaceBetween>
      {open && <MendRole bucket={place.bucket} onClose={() => setOpen(false)} onMended={onMended} />}
    </Alert>
  );
}

function WhoMay({ lacks, accountId }: { lacks: readonly Permission[]; accountId: string }) {
  const own = lacks.every((each) => each.own);
  return (
    <div>
      <Box color="inherit">
        {own
          ? `You are not permitted to do that. Who administers account ${accountId} can do it, or permit it to you:`
          : "You cannot do that: it is another account's. Its owner can do it, or permit it to you:"}
      </Box>
      <ul className="lacks">
        {lacks.map((each) => (
          <li key={`${each.action} ${each.resource}`} className="key">
            {each.action} on {each.resource}
          </li>
        ))}
      </ul>
    </div>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
