import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { AccessKeys } from "./AccessKeys.tsx";
import { OwnedPolicies } from "./OwnedPolicies.tsx";

export default function UserPage({ name }: { name: string }) {
  return (
    <ContentLayout header={<Header variant="h1">{name}</Header>}>
      <SpaceBetween size="l">
        <OwnedPolicies owner={{ kind: "User", name }} />
        <AccessKeys userName={name} />
      </SpaceBetween>
    </ContentLayout>
  );
}
