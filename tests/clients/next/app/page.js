export default function Page() {
  return <p>The runtime is at /api/copilotkit.</p>;
}
