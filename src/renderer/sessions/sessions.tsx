/** Sessions. May import: react. */
export default function Sessions() {
  return null;
}
