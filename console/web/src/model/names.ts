/** Names that can be refused before they are sent. The server has the last word. */

/** Source: S3 User Guide, "General purpose bucket naming rules". */
export function bucketNameProblem(name: string): string | undefined {
  if (name === "") return "Enter a bucket name.";
  if (name.length < 3 || name.length > 63) return "Bucket name must be between 3 and 63 characters long.";
  if (/[^a-z0-9.-]/.test(name)) return "Bucket name can contain only lowercase letters, numbers, periods and hyphens.";
  if (!/^[a-z0-9]/.test(name) || !/[a-z0-9]$/.test(name))
    return "Bucket name must begin and end with a letter or a number.";
  if (name.includes("..")) return "Bucket name must not contain two adjacent periods.";
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return "Bucket name must not be formatted as an IP address.";
  return undefined;
}

/**
 * A browser resolves "." and ".." in the path of every address, so it can ask for no key with such a part.
 */
export function keyProblem(key: string): string | undefined {
  if (key === "") return "Enter a name.";
  if (new TextEncoder().encode(key).length > 1024) return "A key has at most 1,024 bytes in UTF-8.";
  if (key.split("/").some((part) => part === "." || part === "..")) {
    return 'A browser cannot send a key with "." or ".." between slashes. Use the AWS CLI for it.';
  }
  return undefined;
}
