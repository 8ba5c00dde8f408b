from infra.proof.command import main

raise SystemExit(main())
