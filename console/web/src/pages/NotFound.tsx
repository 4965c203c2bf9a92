import Alert from "@cloudscape-design/components/alert";
import Link from "@cloudscape-design/components/link";
import { href } from "../router.ts";

export default function NotFound() {
  return (
    <Alert type="warning" header="There is no such page">
      Go to your <Link href={href("/buckets")}>buckets</Link>.
    </Alert>
  );
}
