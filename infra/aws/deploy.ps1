<#
.SYNOPSIS
From nothing to a monitored ShelfWatch on EKS, and from any state to the present version: each step looks first.

.DESCRIPTION
The same steps as deploy.sh, for Windows. -WhatIf only looks, and prints what would be run.

.EXAMPLE
infra/aws/deploy.ps1 -Region eu-central-1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string]$Cluster = 'shelfwatch',
    [string]$Region = 'eu-central-1',
    [string]$Namespace = 'shelfwatch',
    [string]$Release = 'shelfwatch',
    [string]$Repository = 'shelfwatch',
    [string]$NodeGroup = 'spot-blue',
    [string]$Tag = '',
    [string]$HostName = '',
    [string]$CertificateArn = '',
    [switch]$Postgres,
    [string]$PhotoBucket = ''
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$Here = $PSScriptRoot
$Root = (Resolve-Path (Join-Path $Here '../..')).Path
$env:AWS_REGION = $Region
$env:AWS_PAGER = ''
$script:Step = 'start'

function Enter-Step([string]$Name) {
    $script:Step = $Name
    Write-Host "`n== $Name"
}

# Everything that changes something goes through here.
function Invoke-Tool([string]$Tool, [string[]]$Arguments) {
    if ($PSCmdlet.ShouldProcess("$Tool $($Arguments -join ' ')")) {
        & $Tool @Arguments
        if ($LASTEXITCODE -ne 0) { throw "Stopped at '$script:Step': $Tool did not succeed" }
    }
}

# Whether a look succeeds.
function Test-Tool([string]$Tool, [string[]]$Arguments) {
    & $Tool @Arguments *> $null
    return $LASTEXITCODE -eq 0
}

function New-Key {
    $bytes = [byte[]]::new(24)
    [Security.Cryptography.RandomNumberGenerator]::Fill($bytes)
    return ([Convert]::ToHexString($bytes)).ToLower()
}

# Values go through a file, never through the list of processes.
function New-ClusterSecret([string]$Name, [string]$Line) {
    if (Test-Tool kubectl @('--namespace', $Namespace, 'get', 'secret', $Name)) {
        Write-Host "   the secret $Name is there"
    } elseif ($PSCmdlet.ShouldProcess("secret $Name", 'make')) {
        $file = New-TemporaryFile
        try {
            Set-Content -Path $file -Value $Line
            & kubectl --namespace $Namespace create secret generic $Name "--from-env-file=$file"
            if ($LASTEXITCODE -ne 0) { throw "Stopped at '$script:Step': the secret $Name was not made" }
        } finally {
            Remove-Item $file
        }
    }
}

Enter-Step 'check tools'
foreach ($tool in 'aws', 'eksctl', 'kubectl', 'helm', 'docker', 'git') {
    if (-not (Get-Command $tool -ErrorAction SilentlyContinue)) { throw "$tool is missing. See infra/aws/README.md." }
}
$Account = & aws sts get-caller-identity --query Account --output text
if ($LASTEXITCODE -ne 0) { throw 'Nobody is signed in to AWS.' }
$Registry = "$Account.dkr.ecr.$Region.amazonaws.com"
if (-not $Tag) { $Tag = & git -C $Root rev-parse --short=12 HEAD }
if ($Postgres -and -not ($env:DATABASE_URL -and $PhotoBucket)) { throw '-Postgres needs $env:DATABASE_URL and -PhotoBucket' }

Enter-Step 'registry'
if (Test-Tool aws @('ecr', 'describe-repositories', '--repository-names', $Repository)) {
    Write-Host "   the repository $Repository is there"
} else {
    Invoke-Tool aws @('ecr', 'create-repository', '--repository-name', $Repository, '--image-tag-mutability', 'IMMUTABLE',
        '--image-scanning-configuration', 'scanOnPush=true', '--encryption-configuration', 'encryptionType=AES256')
    Invoke-Tool aws @('ecr', 'put-lifecycle-policy', '--repository-name', $Repository,
        '--lifecycle-policy-text', "file://$Here/lifecycle.json")
}

Enter-Step 'build and push'
if (Test-Tool aws @('ecr', 'describe-images', '--repository-name', $Repository, '--image-ids', "imageTag=$Tag")) {
    Write-Host "   the image $Tag is there"
} else {
    Invoke-Tool docker @('build', '--platform', 'linux/amd64', '--build-arg', "VERSION=$Tag", '--build-arg', "REVISION=$Tag",
        '--tag', 'shelfwatch:base', $Root)
    Invoke-Tool docker @('build', '--platform', 'linux/amd64', '--file', "$Root/Dockerfile.aws",
        '--build-arg', 'BASE=shelfwatch:base', '--build-arg', "VERSION=$Tag", '--build-arg', "REVISION=$Tag",
        '--tag', "$Registry/${Repository}:$Tag", $Root)
    if ($PSCmdlet.ShouldProcess($Registry, 'docker login')) {
        & aws ecr get-login-password | & docker login --username AWS --password-stdin $Registry
        if ($LASTEXITCODE -ne 0) { throw "Stopped at '$script:Step': docker login did not succeed" }
    }
    Invoke-Tool docker @('push', "$Registry/${Repository}:$Tag")
}

Enter-Step 'cluster'
if (Test-Tool aws @('eks', 'describe-cluster', '--name', $Cluster)) {
    Write-Host "   the cluster $Cluster is there"
} else {
    $file = New-TemporaryFile
    (Get-Content -Raw "$Here/cluster.yaml") -creplace 'CLUSTER', $Cluster -creplace 'REGION', $Region `
        -creplace 'NODE_GROUP', $NodeGroup | Set-Content -Path $file
    Invoke-Tool eksctl @('create', 'cluster', '--config-file', "$file")
}
Invoke-Tool aws @('eks', 'update-kubeconfig', '--name', $Cluster)

Enter-Step 'controllers'
Invoke-Tool kubectl @('apply', '--filename', "$Here/storage-class.yaml")
# Pods may not ask the node's metadata service, so the controller is told which network it is in.
$vpc = & aws eks describe-cluster --name $Cluster --query cluster.resourcesVpcConfig.vpcId --output text 2> $null
Invoke-Tool helm @('upgrade', '--install', 'aws-load-balancer-controller', 'aws-load-balancer-controller',
    '--repo', 'https://aws.github.io/eks-charts', '--version', '1.14.0', '--namespace', 'kube-system',
    '--set', "clusterName=$Cluster", '--set', "region=$Region", '--set', "vpcId=$vpc", '--set', 'serviceAccount.create=false',
    '--set', 'serviceAccount.name=aws-load-balancer-controller', '--wait')
Invoke-Tool helm @('upgrade', '--install', 'cluster-autoscaler', 'cluster-autoscaler',
    '--repo', 'https://kubernetes.github.io/autoscaler', '--version', '9.46.6', '--namespace', 'kube-system',
    '--set', "autoDiscovery.clusterName=$Cluster", '--set', "awsRegion=$Region",
    '--set', 'rbac.serviceAccount.create=false', '--set', 'rbac.serviceAccount.name=cluster-autoscaler', '--wait')

Enter-Step 'secrets'
if (-not (Test-Tool kubectl @('get', 'namespace', $Namespace))) { Invoke-Tool kubectl @('create', 'namespace', $Namespace) }
$metrics = New-Key
if (Test-Tool kubectl @('--namespace', $Namespace, 'get', 'secret', 'shelfwatch-metrics')) {
    $coded = & kubectl --namespace $Namespace get secret shelfwatch-metrics --output 'jsonpath={.data.key}'
    $metrics = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($coded))
}
New-ClusterSecret shelfwatch-metrics "key=$metrics"
New-ClusterSecret shelfwatch-keys "api-keys=admin=$(New-Key),prometheus=$metrics"
New-ClusterSecret shelfwatch-grafana "password=$(New-Key)"

$values = @('--values', "$Root/infra/k8s/shelfwatch/values-eks.yaml")
if ($Postgres) {
    Enter-Step 'database and bucket'
    $values = @('--values', "$Root/infra/k8s/shelfwatch/values-eks-postgres.yaml")
    New-ClusterSecret shelfwatch-database "url=$env:DATABASE_URL"
    if (-not (Test-Tool aws @('s3api', 'head-bucket', '--bucket', $PhotoBucket))) {
        Invoke-Tool aws @('s3', 'mb', "s3://$PhotoBucket")
        Invoke-Tool aws @('s3api', 'put-public-access-block', '--bucket', $PhotoBucket, '--public-access-block-configuration',
            'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true')
    }
    $policy = "arn:aws:iam::${Account}:policy/$Cluster-photos"
    $role = "$Cluster-photos"
    if (-not (Test-Tool aws @('iam', 'get-policy', '--policy-arn', $policy))) {
        $document = New-TemporaryFile
        (Get-Content -Raw "$Here/photos-policy.json") -creplace 'BUCKET', $PhotoBucket | Set-Content -Path $document
        Invoke-Tool aws @('iam', 'create-policy', '--policy-name', "$Cluster-photos", '--policy-document', "file://$document")
    }
    if (-not (Test-Tool aws @('iam', 'get-role', '--role-name', $role))) {
        Invoke-Tool eksctl @('create', 'iamserviceaccount', '--cluster', $Cluster, '--namespace', $Namespace, '--name', $Release,
            '--role-name', $role, '--attach-policy-arn', $policy, '--role-only', '--approve')
    }
    $values += @('--set', "photos.store=s3://$PhotoBucket/photos",
        '--set', "serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::${Account}:role/$role")
}
if ($HostName) { $values += @('--set', "ingress.host=$HostName") }
if ($CertificateArn) { $values += @('--set', "ingress.certificateArn=$CertificateArn") }

Enter-Step 'chart'
Invoke-Tool helm (@('upgrade', '--install', $Release, "$Root/infra/k8s/shelfwatch", '--namespace', $Namespace) + $values +
    @('--set', "image.repository=$Registry/$Repository", '--set', "image.tag=$Tag", '--atomic', '--wait', '--timeout', '10m'))

Enter-Step 'smoke test'
Invoke-Tool helm @('test', $Release, '--namespace', $Namespace, '--timeout', '3m')

Enter-Step 'address'
if ($WhatIfPreference) {
    Write-Host '   would wait for the load balancer and print its address'
    return
}
$address = ''
foreach ($try in 1..60) {
    $address = & kubectl --namespace $Namespace get ingress $Release --output 'jsonpath={.status.loadBalancer.ingress[0].hostname}'
    if ($address) { break }
    Start-Sleep -Seconds 5
}
if (-not $address) { throw "Stopped at '$script:Step': the load balancer has no address after five minutes" }
$scheme = if ($CertificateArn) { 'https' } else { 'http' }
$name = if ($HostName) { $HostName } else { $address }
Write-Host "   ${scheme}://$name"
Write-Host "   the key of the page is the secret shelfwatch-keys in the namespace $Namespace"
if ($scheme -eq 'http') { Write-Host '   Keys and photos travel unencrypted until -HostName and -CertificateArn are set.' }
