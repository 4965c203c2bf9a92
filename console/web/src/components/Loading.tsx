import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { isApiError, messageOf } from "../api/errors.ts";

export function Loading({ text = "Loading" }: { text?: string }) {
  return (
    <Box textAlign="center" padding="l" color="text-body-secondary">
      <Spinner /> {text}
    </Box>
  );
}

/** What a request failed with, in the server's own words, and a way to try again. */
export function Failure({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => void }) {
  const code = isApiError(error) && messageOf(error) !== error.code ? `${error.code}: ` : "";
  return (
    <Alert
      type={isApiError(error, "NotImplemented") ? "info" : "error"}
      header={what}
      action={
        onRetry ? (
          <Button formAction="none" onClick={onRetry}>
            Try again
          </Button>
        ) : undefined
      }
    >
      {code}
      {messageOf(error)}
      {isApiError(error) && error.requestId ? (
        <Box fontSize="body-s" color="inherit">
          Request ID {error.requestId}
        </Box>
      ) : null}
    </Alert>
  );
}
