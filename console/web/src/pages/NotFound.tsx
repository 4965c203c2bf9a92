import Link from "@cloudscape-design/components/link";
import { href } from "../router.ts";
import { PageAlert } from "../components/PageAlert.tsx";

export default function NotFound() {
  return (
    <PageAlert title="Not found" type="warning" header="There is no such page">
      Go to your <Link href={href("/buckets")}>buckets</Link>.
    </PageAlert>
  );
}
