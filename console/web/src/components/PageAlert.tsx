import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";

/** What there is to say in place of a page. */
export function PageAlert({ title, ...alert }: AlertProps & { readonly title: string }) {
  return (
    <ContentLayout header={<Header variant="h1">{title}</Header>}>
      <Alert {...alert} />
    </ContentLayout>
  );
}
