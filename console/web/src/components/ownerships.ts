/** Object Ownership, worded as in the S3 console. */
export const OWNERSHIPS = [
  {
    value: "BucketOwnerEnforced",
    label: "ACLs disabled (recommended)",
    description: "All objects are owned by this account. Access is granted by policies alone.",
  },
  {
    value: "BucketOwnerPreferred",
    label: "ACLs enabled, bucket owner preferred",
    description: "Objects uploaded with the bucket-owner-full-control ACL belong to this account.",
  },
  {
    value: "ObjectWriter",
    label: "ACLs enabled, object writer",
    description: "Objects belong to the account that uploads them.",
  },
];
