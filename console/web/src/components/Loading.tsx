import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
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

interface FailureProperties {
  readonly what: string;
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** What a request failed with, in the server's own words, and a way to try again. */
export function Failure({ what, error, onRetry }: FailureProperties) {
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

/** As `Failure`, in place of a whole page. */
export function PageFailure({ title, ...failure }: FailureProperties & { readonly title: string }) {
  return (
    <ContentLayout header={<Header variant="h1">{title}</Header>}>
      <Failure {...failure} />
    </ContentLayout>
  );
}
