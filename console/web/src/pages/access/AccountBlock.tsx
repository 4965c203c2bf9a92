import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import { BlockPublicAccess } from "../../components/BlockPublicAccess.tsx";

export default function AccountBlock() {
  return (
    <ContentLayout header={<Header variant="h1">Block Public Access settings for this account</Header>}>
      <BlockPublicAccess
        scope="account"
        title="Block Public Access (account settings)"
        description="These hold for every bucket of the account, those made later included: what is on here is on, whatever a bucket's own settings say."
      />
    </ContentLayout>
  );
}
