/** The page as a whole: sign in, then the layout around the page that the address names. */

import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Client } from "./api/client.ts";
import type { Session } from "./api/session.ts";
import { Shell } from "./components/Shell.tsx";
import { ConsoleProvider } from "./context.tsx";
import { SignIn } from "./pages/SignIn.tsx";

type Stage = "asking" | "signed-out" | "signed-in";

export function App({ session }: { session: Session }) {
  const [stage, setStage] = useState<Stage>("asking");
  const [notice, setNotice] = useState<string>();
  const client = useMemo(() => new Client(session), [session]);

  useEffect(() => {
    session.onEnd = () => {
      setNotice("Your session has ended. Sign in again.");
      setStage("signed-out");
    };
    session
      .resume()
      .then((resumed) => setStage(resumed ? "signed-in" : "signed-out"))
      .catch(() => setStage("signed-out"));
  }, [session]);

  const signOut = useCallback(() => {
    setNotice(undefined);
    setStage("signed-out");
    void session.signOut();
  }, [session]);

  if (stage === "asking") {
    return (
      <Box textAlign="center" padding="xxxl">
        <Spinner size="large" />
      </Box>
    );
  }
  if (stage === "signed-out") {
    return <SignIn session={session} notice={notice} onSignedIn={() => setStage("signed-in")} />;
  }
  return (
    <ConsoleProvider client={client} signOut={signOut}>
      <Shell />
    </ConsoleProvider>
  );
}
