/** Storage classes of general purpose buckets, in the order of the S3 console. */
export const STORAGE_CLASS_OPTIONS = [
  { value: "STANDARD", label: "Standard", description: "Frequently accessed data" },
  {
    value: "INTELLIGENT_TIERING",
    label: "Intelligent-Tiering",
    description: "Data with changing or unknown access patterns",
  },
  { value: "STANDARD_IA", label: "Standard-IA", description: "Infrequently accessed data" },
  { value: "ONEZONE_IA", label: "One Zone-IA", description: "Recreatable, infrequently accessed data" },
  { value: "GLACIER_IR", label: "Glacier Instant Retrieval", description: "Archived data that is read at once" },
  { value: "GLACIER", label: "Glacier Flexible Retrieval", description: "Archived data" },
  { value: "DEEP_ARCHIVE", label: "Glacier Deep Archive", description: "Archived data that is hardly ever read" },
  { value: "REDUCED_REDUNDANCY", label: "Reduced redundancy", description: "Not recommended" },
];
