/** Machines. May import: react. */
export default function Machines() {
  return null;
}
