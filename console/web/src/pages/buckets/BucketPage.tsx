import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { lazy, Suspense } from "react";
import { isApiError } from "../../api/errors.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { href, navigate, usePlace } from "../../router.ts";
import { PageAlert } from "../../components/PageAlert.tsx";

const ObjectsTab = lazy(() => import("../objects/ObjectsTab.tsx"));
const PropertiesTab = lazy(() => import("./PropertiesTab.tsx"));
const PermissionsTab = lazy(() => import("./PermissionsTab.tsx"));
const MetricsTab = lazy(() => import("./MetricsTab.tsx"));
const ManagementTab = lazy(() => import("../replication/ManagementTab.tsx"));

export default function BucketPage({ name }: { name: string }) {
  const { query } = usePlace();
  const bucket = useBucket(name);
  const active = query.get("tab") ?? "objects";
  if (isApiError(bucket.error, "NoSuchBucket")) {
    return (
      <PageAlert
        title={name}
        type="error"
        header={`There is no bucket "${name}"`}
        action={<Button href={href("/buckets")}>All buckets</Button>}
      >
        NoSuchBucket: The specified bucket does not exist
      </PageAlert>
    );
  }
  if (bucket.error !== undefined) {
    return (
      <PageFailure
        title={name}
        what={`Bucket "${name}" cannot be opened`}
        error={bucket.error}
        onRetry={() => void bucket.reload()}
      />
    );
  }
  if (!bucket.data) return <Loading />;
  const place = bucket.data;
  const tab = (id: string, label: string, Content: typeof ObjectsTab) => ({
    id,
    label,
    content: (
      <Suspense fallback={<Loading />}>
        <Content bucket={place} />
      </Suspense>
    ),
  });
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={place.region}>
          {name}
        </Header>
      }
    >
      <Tabs
        ariaLabel="Parts of the bucket"
        activeTabId={active}
        onChange={({ detail }) =>
          navigate(
            href(`/buckets/${encodeURIComponent(name)}`, {
              tab: detail.activeTabId === "objects" ? undefined : detail.activeTabId,
            }),
          )
        }
        tabs={[
          tab("objects", "Objects", ObjectsTab),
          tab("properties", "Properties", PropertiesTab),
          tab("permissions", "Permissions", PermissionsTab),
          tab("metrics", "Metrics", MetricsTab),
          tab("management", "Management", ManagementTab),
        ]}
      />
    </ContentLayout>
  );
}
