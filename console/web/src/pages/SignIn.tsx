import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { isApiError, messageOf } from "../api/errors.ts";
import type { Session } from "../api/session.ts";

interface Properties {
  readonly session: Session;
  readonly notice: string | undefined;
  readonly onSignedIn: () => void;
}

/** Sign in with an access key. The secret signs one request, and leaves the page's memory with this form. */
export function SignIn({ session, notice, onSignedIn }: Properties) {
  const [accessKeyId, setAccessKeyId] = useState("");
  const [secretAccessKey, setSecret] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [complete, setComplete] = useState(true);

  const signIn = async () => {
    const key = { accessKeyId: accessKeyId.trim(), secretAccessKey: secretAccessKey.trim() };
    const filled = key.accessKeyId !== "" && key.secretAccessKey !== "";
    setComplete(filled);
    if (!filled) return;
    setBusy(true);
    setError(undefined);
    try {
      await session.signIn(key);
      onSignedIn();
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };

  const field = isApiError(error) ? fieldOf(error.code) : undefined;
  const missing = (value: string) => (!complete && value.trim() === "" ? "Enter a value." : undefined);
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        <SpaceBetween size="l">
          <div className="sign-in-logo">
            <img src="/-/console/logo.svg" alt="" />
            <Box variant="h1">Farshore</Box>
          </div>
          {notice && <Alert type="info">{notice}</Alert>}
          {error !== undefined && !field && (
            <Alert type="error" header="You could not be signed in">
              {isApiError(error) && error.code !== messageOf(error) ? `${error.code}: ` : ""}
              {messageOf(error)}
            </Alert>
          )}
          <Container header={<Header variant="h2">Sign in with an access key</Header>}>
            <SpaceBetween size="m">
              <FormField
                label="Access key ID"
                errorText={missing(accessKeyId) ?? (field === "id" ? messageOf(error) : undefined)}
              >
                <Input
                  value={accessKeyId}
                  onChange={({ detail }) => setAccessKeyId(detail.value)}
                  autoComplete="username"
                  autoFocus
                  spellcheck={false}
                />
              </FormField>
              <FormField
                label="Secret access key"
                description="It signs one request for a temporary session. The page does not keep it."
                errorText={missing(secretAccessKey) ?? (field === "secret" ? messageOf(error) : undefined)}
              >
                <Input
                  type="password"
                  value={secretAccessKey}
                  onChange={({ detail }) => setSecret(detail.value)}
                  autoComplete="current-password"
                />
              </FormField>
              <Box float="right">
                <Button variant="primary" formAction="submit" loading={busy}>
                  Sign in
                </Button>
              </Box>
            </SpaceBetween>
          </Container>
          <Box color="text-body-secondary" fontSize="body-s">
            The root account's access key is in the file <Box variant="code">credentials</Box> of the server's data
            folder.
          </Box>
        </SpaceBetween>
      </form>
    </main>
  );
}

function fieldOf(code: string): "id" | "secret" | undefined {
  if (code === "InvalidAccessKeyId" || code === "InvalidClientTokenId") return "id";
  if (code === "SignatureDoesNotMatch") return "secret";
  return undefined;
}
