import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { accountSummary } from "../../api/iam.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { Failure, Loading } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { href } from "../../router.ts";

const COUNTS: readonly (readonly [string, string])[] = [
  ["Users", "Users"],
  ["Groups", "Groups"],
  ["Roles", "Roles"],
  ["Policies", "Policies"],
];

export default function Account() {
  const client = useClient();
  const { accountId, arn } = client.session.identity;
  const summary = useLoad((signal) => accountSummary(client, signal), [client]);
  return (
    <ContentLayout header={<Header variant="h1">Account</Header>}>
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">You</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Account ID", value: <Copyable text={accountId} what="account ID" /> },
              { label: "Signed in as", value: <Copyable text={arn} what="ARN" /> },
              { label: "Regions of this server", value: client.session.regions.join(", ") },
            ]}
          />
        </Container>
        {summary.error !== undefined && (
          <Failure what="The account's summary could not be read" error={summary.error} />
        )}
        {summary.loading && <Loading />}
        {summary.data && (
          <Container header={<Header variant="h2">Identities</Header>}>
            <KeyValuePairs
              columns={4}
              items={COUNTS.map(([label, name]) => ({ label, value: summary.data?.get(name) ?? 0 }))}
            />
          </Container>
        )}
        <Container header={<Header variant="h2">Other accounts</Header>}>
          <SpaceBetween size="s">
            <Box>
              Buckets of other accounts can be destinations of your replication rules, once their owners let your role
              in. <Link href={href("/access/accounts")}>Accounts of this server</Link> lists them, and makes new ones,
              for who administers it.
            </Box>
          </SpaceBetween>
        </Container>
      </SpaceBetween>
    </ContentLayout>
  );
}
